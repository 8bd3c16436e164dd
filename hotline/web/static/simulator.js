// The simulator: messages and a telephone, both through the server's own webhooks. Texts come from the template.

import { countSegments } from "./segments.js";
import { NotTaken, ask, post } from "./server.js";
import { watchLine } from "./simulator_line.js";
import { setUpViews, showChosen } from "./simulator_views.js";
import { canHear, hearAll, silence } from "./sound.js";

const root = document.getElementById("simulator");
const texts = root.dataset;
const element = (id) => document.getElementById(id);

const POLL_MS = 1000;
const BETWEEN_KEYS_MS = 6000;
// About as long as the provider plays the sound of waiting before it asks how to go on.
const HOLD_MS = 40000;
const KEPT_MESSAGES = 200;
// Numbers the Bundesnetzagentur keeps for films (Berlin 23125 000 to 999), one digit longer to have more of them.
const FILM_NUMBER = "+493023125";
const NUMBER = /^\+[1-9][0-9]{6,14}$/;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// -- what stays while the page changes its language: this tab only, gone with it ----------------------------------------

const kept = { number: "", channel: "sms", after: 0, messages: [], ...read() };

function read() {
  try {
    return JSON.parse(sessionStorage.getItem("simulator") ?? "{}");
  } catch {
    return {};
  }
}

function keep() {
  kept.messages = kept.messages.slice(-KEPT_MESSAGES);
  try {
    sessionStorage.setItem("simulator", JSON.stringify(kept));
  } catch {
    // Storage is off or full: the page works without it.
  }
}

// -- logs -----------------------------------------------------------------------------------------------------------

function addTo(log, added) {
  log.querySelector(".hint")?.setAttribute("hidden", "");
  log.append(added);
  return added;
}

function addNote(log, text, isBad = false) {
  scrollTo(log, addTo(log, make("p", isBad ? "note bad" : "note", text)));
}

// A long answer is read from its beginning, with what it answers above it.
function scrollTo(log, added) {
  const own = added.previousElementSibling?.matches(".you") ? added.previousElementSibling : added;
  log.scrollTop = own.offsetTop - log.offsetTop - 4;
}

function makeWords(text, language, direction) {
  const words = make("div", "words", text);
  words.dir = direction ?? "auto";
  if (language) words.lang = language;
  return words;
}

// -- messages -------------------------------------------------------------------------------------------------------

const thread = element("thread");

function showMessage(message) {
  const bubble = make("div", `bubble ${message.from} ${message.channel}`);
  const about = [
    texts[message.from],
    message.channel === "sms" ? fill(texts.segments, { segments: countSegments(message.body) }) : "WhatsApp",
    ...(message.later ? [texts.later] : []),
  ];
  bubble.append(makeWords(message.body, message.language, message.direction), make("p", "about", about.join(" · ")));
  addTo(thread, bubble);
  return bubble;
}

function addMessage(message) {
  kept.messages.push(message);
  keep();
  const bubble = showMessage(message);
  if (root.dataset.view !== "messages") document.querySelector(".views .dot").classList.add("new");
  return bubble;
}

let underway = 0;

async function sendMessage(body) {
  if (!body.trim() || !hasNumber()) return false;
  const { number } = kept;
  const channel = document.querySelector("[name=channel]:checked").value;
  scrollTo(thread, addMessage({ from: "you", body, channel }));
  underway += 1;
  element("writing").textContent = texts.writing;
  try {
    const { replies, language, direction } = await post("/texts", { number, channel, body });
    if (number !== kept.number) return true;
    const bubbles = replies.map((reply) => addMessage({ from: "hotline", body: reply, channel, language, direction }));
    if (bubbles.length) scrollTo(thread, bubbles[0]);
    else addNote(thread, texts.noReply);
  } catch (error) {
    if (!(error instanceof NotTaken)) throw error;
    addNote(thread, texts.notTaken, true);
  } finally {
    underway -= 1;
    if (!underway) element("writing").textContent = "";
  }
  return true;
}

function showCount() {
  const body = element("body").value;
  const isSms = document.querySelector("[name=channel]:checked").value === "sms";
  const values = { characters: [...body].length, segments: countSegments(body) };
  element("count").textContent = body && isSms ? fill(texts.characters, values) : "";
}

async function pollInbox() {
  const { number } = kept;
  if (!document.hidden && number) {
    try {
      const { messages } = await ask(`/inbox?${new URLSearchParams({ number, after: kept.after })}`);
      for (const { id, ...message } of number === kept.number ? messages : []) {
        kept.after = Math.max(kept.after, id);
        scrollTo(thread, addMessage({ ...message, from: "hotline", later: true }));
      }
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
    }
  }
  setTimeout(pollInbox, POLL_MS);
}

function setUpMessages() {
  kept.messages.forEach(showMessage);
  thread.scrollTop = thread.scrollHeight;
  for (const choice of document.querySelectorAll("[name=channel]")) {
    choice.checked = choice.value === kept.channel;
    choice.addEventListener("change", () => {
      kept.channel = choice.value;
      keep();
      showCount();
    });
  }
  const body = element("body");
  body.addEventListener("input", showCount);
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element("composer").requestSubmit();
  });
  element("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = body.value;
    if (!text.trim() || !hasNumber()) return;
    body.value = "";
    showCount();
    sendMessage(text);
  });
  for (const chip of document.querySelectorAll(".chips button")) {
    chip.addEventListener("click", () => sendMessage(chip.textContent));
  }
  for (const chooser of document.querySelectorAll("[data-examples]")) {
    chooser.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-examples]")) other.ariaPressed = String(other === chooser);
      for (const chips of document.querySelectorAll("[data-examples-of]")) {
        chips.hidden = chips.dataset.examplesOf !== chooser.dataset.examples;
      }
    });
  }
}

// -- the person -----------------------------------------------------------------------------------------------------

function hasNumber() {
  const isRight = NUMBER.test(kept.number);
  if (!isRight) element("number").focus();
  return isRight;
}

function becomeNewPerson() {
  const digits = crypto.getRandomValues(new Uint32Array(1))[0] % 10000;
  useNumber(FILM_NUMBER + String(digits).padStart(4, "0"));
}

function useNumber(number) {
  hangUp();
  Object.assign(kept, { number, after: 0, messages: [] });
  keep();
  for (const log of [thread, transcript]) {
    log.replaceChildren(log.querySelector(".hint"));
    log.querySelector(".hint").hidden = false;
  }
}

function setUpPerson() {
  const field = element("number");
  if (!kept.number) becomeNewPerson();
  field.value = kept.number;
  field.addEventListener("change", () => {
    const number = field.value.replace(/[\s()/-]/g, "");
    const isRight = NUMBER.test(number);
    field.toggleAttribute("aria-invalid", !isRight);
    element("number-note").textContent = isRight ? "" : texts.numberWrong;
    if (!isRight) kept.number = "";
    else if (number !== kept.number) useNumber(number);
  });
  element("new-person").addEventListener("click", () => {
    becomeNewPerson();
    field.value = kept.number;
    field.removeAttribute("aria-invalid");
    element("number-note").textContent = texts.newPersonDone;
  });
}

// -- the telephone --------------------------------------------------------------------------------------------------

const transcript = element("transcript");
const phone = document.querySelector(".panel.phone");
let call = null;
let ringing = null;

function showCall() {
  phone.dataset.call = call ? "on" : "off";
  element("call").hidden = Boolean(call);
  element("hang-up").hidden = !call;
  for (const key of document.querySelectorAll("[data-key]")) key.disabled = !call?.action;
  element("speech").hidden = !call?.listens;
  element("keys-only").hidden = !call?.action || call.listens;
}

function follow({ ringing: rings, go_on: goOn, is_over: isOver }) {
  if (call && isOver) return endCall();
  if (call && goOn && !call.isBusy) {
    call.action = goOn;
    return step({});
  }
  if (call || ringing?.call_sid === rings?.call_sid) return;
  ringing = rings;
  element("state").textContent = rings ? texts.rings : texts.ready;
  phone.classList.toggle("rings", Boolean(rings));
}

function startCall() {
  if (call || !hasNumber()) return;
  transcript.replaceChildren(transcript.querySelector(".hint"));
  call = { number: kept.number, startedAt: Date.now(), sid: ringing?.call_sid, action: ringing?.action };
  ringing = null;
  phone.classList.remove("rings");
  element("state").textContent = texts.calling;
  call.clock = setInterval(showClock, 1000);
  showClock();
  showCall();
  element("hang-up").focus();
  step({});
}

function showClock() {
  const seconds = Math.floor((Date.now() - call.startedAt) / 1000);
  element("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

async function step(input) {
  const mine = call;
  if (!mine || mine.isBusy) return;
  mine.isBusy = true;
  silence();
  try {
    const answer = await post("/calls", { number: mine.number, call_sid: mine.sid, action: mine.action, ...input });
    mine.sid = answer.call_sid;
    // Hung up while it rang: only now the call has a name to end it by.
    if (call !== mine) return void post("/hangups", { call_sid: mine.sid }).catch(() => {});
    Object.assign(mine, { action: answer.action, listens: answer.listens, digits: answer.digits, pressed: "" });
    element("state").textContent = texts.talking;
    const spoken = answer.parts.map((part) => ({ part, bubble: showSpoken(part) }));
    if (spoken.length) scrollTo(transcript, spoken[0].bubble);
    if (element("sound").checked) hearAll(spoken);
    if (answer.is_in_room) addNote(transcript, texts.inRoom);
    if (answer.is_waiting) setTimeout(() => call === mine && mine.action === answer.action && step({}), HOLD_MS);
    if (answer.action || answer.is_in_room) showCall();
    else endCall();
  } catch (error) {
    if (!(error instanceof NotTaken)) throw error;
    addNote(transcript, texts.notTaken, true);
    if (call === mine && !mine.sid) endCall();
  } finally {
    mine.isBusy = false;
  }
}

function showSpoken(part) {
  const bubble = make("div", "bubble spoken");
  bubble.append(makeWords(part.text || "♪", part.language, part.direction));
  if (canHear(part)) {
    const button = make("button", "hear");
    button.type = "button";
    button.ariaLabel = texts.listen;
    button.append(element("speaker").content.cloneNode(true));
    button.addEventListener("click", () => hearAll([{ part, bubble }]));
    bubble.append(button);
  }
  return addTo(transcript, bubble);
}

function answer(input, shown) {
  if (!call?.action || call.isBusy) return false;
  const bubble = make("div", "bubble you");
  bubble.append(makeWords(shown, "", input.speech ? "auto" : document.documentElement.dir));
  scrollTo(transcript, addTo(transcript, bubble));
  step(input);
  return true;
}

// Like the provider: several keys are one answer, which ends with #, when all are pressed, or after a silence.
function press(key) {
  if (!call?.action || call.isBusy) return false;
  if ((call.digits ?? 1) === 1) return answer({ digits: key }, fill(texts.pressed, { key }));
  clearTimeout(call.waiting);
  if (key !== "#") call.pressed += key;
  const { pressed } = call;
  element("state").textContent = pressed;
  if (key === "#" || pressed.length >= call.digits) return sendPressed(pressed);
  const mine = call;
  call.waiting = setTimeout(() => call === mine && call.pressed === pressed && sendPressed(pressed), BETWEEN_KEYS_MS);
  return true;
}

const sendPressed = (digits) => answer(digits ? { digits } : {}, fill(texts.pressed, { key: digits || "#" }));

function endCall() {
  clearInterval(call.clock);
  const hadFocus = phone.contains(document.activeElement);
  call = null;
  element("state").textContent = texts.over;
  addNote(transcript, texts.over);
  showCall();
  if (hadFocus) element("call").focus();
}

function hangUp() {
  if (!call) return;
  const { sid } = call;
  silence();
  endCall();
  if (sid) post("/hangups", { call_sid: sid }).catch(() => {});
}

function setUpPhone() {
  element("call").addEventListener("click", startCall);
  element("hang-up").addEventListener("click", hangUp);
  for (const key of document.querySelectorAll("[data-key]")) key.addEventListener("click", () => press(key.dataset.key));
  element("speech").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = element("spoken");
    const speech = field.value.trim();
    if (speech && answer({ speech }, speech)) field.value = "";
  });
  element("sound").addEventListener("change", silence);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox], [type=radio]), textarea");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
    const key = document.querySelector(`[data-key="${event.key}"]`);
    if (!press(event.key)) return;
    key.classList.add("down");
    setTimeout(() => key.classList.remove("down"), 150);
  });
  window.addEventListener("pagehide", () => {
    if (!call?.sid) return;
    const content = new Blob([JSON.stringify({ call_sid: call.sid })], { type: "application/json" });
    navigator.sendBeacon(`${texts.base}/hangups`, content);
  });
}

setUpPerson();
setUpMessages();
setUpPhone();
setUpViews(root);
showChosen();
pollInbox();
watchLine(() => ({ number: kept.number, mine: call }), follow, POLL_MS);
