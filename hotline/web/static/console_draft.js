// Counts the parts of a translated reply, with the mark that goes out below it.
import { countSegments } from "./segments.js";

const text = document.querySelector("#translation");
const count = document.querySelector("#draft-count");
const send = document.querySelector("#send-translation");

function changed() {
  const body = text.value.trim() ? `${text.value.trim()}\n\n${document.querySelector("#mark").textContent}` : "";
  const values = { characters: [...body].length, segments: countSegments(body) };
  count.textContent = body ? count.dataset.text.replace(/\{(\w+)\}/g, (_, name) => values[name]) : "";
  send.disabled = !body;
}

text.addEventListener("input", changed);
changed();
