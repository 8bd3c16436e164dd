// Keys of the console. They can be switched off, and none of them works while somebody types.

const element = (id) => document.getElementById(id);

// Rows that can be reached: offers to accept, conversations to open, people to take.
function step(by) {
  const stops = [...document.querySelectorAll("[data-stop]")].filter((stop) => stop.offsetParent);
  if (!stops.length) return;
  const at = stops.indexOf(document.activeElement);
  stops[at < 0 ? (by > 0 ? 0 : stops.length - 1) : (at + by + stops.length) % stops.length].focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  r: () => element("reply-text")?.focus(),
  s: () => element("search-words")?.focus(),
  n: () => element("note-text")?.focus(),
  q: () => element("to-queue")?.click(),
  "?": () => element("shortcuts").showModal(),
};

export function setUpKeys() {
  const isOn = element("keys-on");
  isOn.checked = localStorage.getItem("console-keys") !== "off";
  isOn.addEventListener("change", () => localStorage.setItem("console-keys", isOn.checked ? "on" : "off"));
  element("show-shortcuts").addEventListener("click", KEYS["?"]);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
    if (!isOn.checked || isTyping || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}
