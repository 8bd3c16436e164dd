// The console: keeps open pages fresh, keeps drafts, counts parts, and listens to keys. Without it every form still works.
import { countSegments } from "./segments.js";
import { setUpKeys } from "./console_keys.js";

const POLL_MS = 1000;
const SILENT_POLLS = 3;
const ANSWER_MS = 10_000;
const DRAFT = "console-draft-";
const element = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const title = document.title;

// -- clocks -----------------------------------------------------------------------------------------------------------

function tick() {
  for (const time of document.querySelectorAll("[data-since]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 60_000));
    write(time, minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`);
  }
  for (const time of document.querySelectorAll("[data-until]")) {
    const seconds = Math.max(0, Math.floor((Date.parse(time.dateTime) - Date.now()) / 1000));
    const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, "0")];
    write(time, minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`);
  }
}

// Only a change is written: a screen reader and a selection must not be disturbed every second.
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

// -- what is new --------------------------------------------------------------------------------------------------------

function follow(place, show) {
  let tag = `"${place.dataset.tag}"`;
  let silent = 0;
  let timer;
  async function look() {
    clearTimeout(timer);
    try {
      const headers = { "If-None-Match": tag };
      const answer = await fetch(place.dataset.poll, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.ok) {
        tag = answer.headers.get("ETag");
        // Our own server's page, made of escaped texts.
        const fresh = document.createElement("template");
        fresh.innerHTML = await answer.text();
        show(fresh.content);
        tick();
      }
      if (answer.status === 404) return show(null);
      silent = answer.ok || answer.status === 304 ? 0 : silent + 1;
      if (answer.status === 401) silent = SILENT_POLLS;
    } catch {
      silent += 1;
    }
    element("lost").hidden = silent < SILENT_POLLS;
    timer = setTimeout(look, POLL_MS);
  }
  timer = setTimeout(look, POLL_MS);
  return look;
}

// Puts a new piece in the place of an old one; what had the focus has it again.
function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [...old.querySelectorAll(".scroll")].map((box) => [box.id, box.scrollLeft]);
  old.replaceWith(fresh);
  for (const [id, left] of scrolled) element(id)?.scrollTo({ left });
  if (focused) element(focused)?.focus({ preventScroll: true });
}

function setUpQueue(place) {
  let { news, offers } = place.firstElementChild.dataset;
  const count = () => {
    document.title = Number(news) ? `(${news}) ${title}` : title;
  };
  count();
  forgetDrafts();
  follow(place, (fresh) => {
    const shown = fresh.firstElementChild;
    if (Number(shown.dataset.offers) > Number(offers)) sing();
    if (shown.dataset.news !== news) write(element("news"), fill(element("news").dataset.text, { count: shown.dataset.news }));
    ({ news, offers } = shown.dataset);
    replace(place.firstElementChild, shown);
    count();
  });
}

// Words to somebody whom one has no more are kept no longer.
function forgetDrafts() {
  for (const name of Object.keys(sessionStorage).filter((name) => name.startsWith(DRAFT))) {
    if (!element(`open-${name.slice(DRAFT.length)}`)) sessionStorage.removeItem(name);
  }
}

function setUpConversation(conversation) {
  const thread = element("thread");
  const place = location.hash.startsWith("#message-") && element(location.hash.slice(1));
  if (place) {
    place.focus();
    // Loaded again, the page shows the newest message.
    history.replaceState(null, "", location.pathname + location.search);
  } else {
    thread.scrollTop = thread.scrollHeight;
  }
  let unread = 0;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) [unread, document.title] = [0, title];
  });
  return follow(conversation, (fresh) => {
    if (fresh === null) {
      element("gone").hidden = false;
      for (const button of document.querySelectorAll("#reply button, #template button")) button.disabled = true;
      return;
    }
    const state = fresh.querySelector("#state");
    if (state.dataset.sight !== element("desk").dataset.sight) element("gone").hidden = false;
    element("state").replaceWith(state);
    showWay(state.dataset.way);
    const isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
    for (const message of fresh.querySelectorAll("#thread > .message")) {
      const old = element(message.id);
      if (!old) {
        thread.append(message);
        if (message.matches(".contact")) {
          sing();
          if (document.hidden) document.title = `(${(unread += 1)}) ${title}`;
        }
      } else if (old.innerHTML !== message.innerHTML) {
        old.replaceChildren(...message.childNodes);
      }
    }
    if (isAtEnd) thread.scrollTop = thread.scrollHeight;
  });
}

function showWay(way) {
  if (!element("reply")) return;
  // What is being typed stays in sight, even when it can not be sent any more.
  element("free").hidden = way === "none" || (way === "template" && !element("reply-text").value);
  element("send").disabled = way !== "free";
  element("template").hidden = way !== "template";
}

function sing() {
  if (!element("sound").checked) return;
  const audio = new AudioContext();
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
  tone.addEventListener("ended", () => audio.close());
}

// -- the reply ----------------------------------------------------------------------------------------------------------

function setUpReply(form, look) {
  const text = element("reply-text");
  const name = DRAFT + form.dataset.handoff;
  const kept = JSON.parse(sessionStorage.getItem(name) ?? "null");
  // What the server gave back with a problem is newer than the draft; what was typed before this script came goes on with it.
  if (kept && !text.defaultValue) {
    if (!text.value.startsWith(kept.text)) text.value = [kept.text, text.value].filter(Boolean).join(" ");
    for (const field of ["key", "topic", "version"]) form.elements[field].value = kept[field];
  }
  const changed = () => {
    const values = { characters: [...text.value].length, segments: countSegments(text.value) };
    write(element("reply-count"), text.value ? fill(element("reply-count").dataset.text, values) : "");
    const { key, topic, version } = form.elements;
    // With its key: sent again after a broken connection it is still the same reply.
    if (text.value) {
      sessionStorage.setItem(
        name, JSON.stringify({ text: text.value, key: key.value, topic: topic.value, version: version.value }),
      );
    } else {
      sessionStorage.removeItem(name);
      topic.value = version.value = "";
    }
  };
  changed();
  text.addEventListener("input", changed);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const before = text.value && !/\s$/.test(text.value.slice(0, text.selectionStart)) ? "\n" : "";
    text.setRangeText(before + button.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    if (button.dataset.topic) {
      form.elements.topic.value = button.dataset.topic;
      form.elements.version.value = button.dataset.version;
    }
    changed();
    text.focus();
  });
  let isUnderway = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isUnderway) return;
    // Nothing is there to be sent: so it is for the second click of somebody whose first one was answered at once.
    if (!text.value.trim()) return text.focus();
    isUnderway = true;
    const problem = element("reply-problem");
    const sent = text.value;
    problem.hidden = true;
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers, signal: AbortSignal.timeout(ANSWER_MS),
      });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) {
        form.elements.key.value = told.key;
        // What was typed meanwhile is the beginning of the next reply.
        text.value = text.value === sent ? "" : text.value.replace(sent, "").trimStart();
        write(element("sending"), form.dataset.sent);
        setTimeout(() => write(element("sending"), ""), 4000);
        changed();
        look();
      } else {
        problem.textContent = told.problem ?? element(answer.status === 401 || answer.status === 403 ? "lost" : "gone").textContent;
        problem.hidden = false;
      }
    } catch {
      problem.textContent = form.dataset.failed;
      problem.hidden = false;
    } finally {
      isUnderway = false;
    }
  });
}

function setUpSearch(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(`${form.action}?${new URLSearchParams(new FormData(form))}`, { cache: "no-store" });
    if (answer.ok) element("snippets").innerHTML = await answer.text();
  });
}

// -- the page -----------------------------------------------------------------------------------------------------------

const sound = element("sound");
sound.checked = localStorage.getItem("console-sound") === "on";
sound.addEventListener("change", () => {
  localStorage.setItem("console-sound", sound.checked ? "on" : "off");
  sing();
});
if (element("overview")) setUpQueue(element("overview"));
if (element("conversation")) {
  const look = setUpConversation(element("conversation"));
  if (element("reply")) setUpReply(element("reply"), look);
}
const call = element("call-live");
if (call) follow(call, (fresh) => fresh && replace(call.firstElementChild, fresh.firstElementChild));
if (element("search")) setUpSearch(element("search"));
setUpKeys();
tick();
setInterval(tick, 1000);
