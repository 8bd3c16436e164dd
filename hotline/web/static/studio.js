// Live counts under each text, with the facts filled in, and a fact inserted where the cursor stands.
import { countSegments, isGsmText } from "./segments.js";

const SPOKEN_CHARACTERS_PER_SECOND = 14;
const form = document.querySelector("#text");
const facts = JSON.parse(document.querySelector("#fact-values").textContent);
const fields = [...form.querySelectorAll("textarea")];
let last = fields[1];

function fill(text) {
  return text.trim().replace(/\{([a-z][a-z0-9_]*\.[a-z0-9_]+(?:\|number)?)\}/g, (whole, key) => facts[key] ?? whole);
}

function show(field) {
  const text = fill(field.value);
  const length = [...text].length;
  const line = form.querySelector(`#${field.id}-count`);
  line.querySelector(".characters").textContent = length;
  line.querySelector(".alphabet").textContent = isGsmText(text) ? "GSM-7" : "UCS-2";
  line.querySelector(".segments").textContent = countSegments(text);
  line.querySelector(".seconds").textContent = Math.ceil(length / SPOKEN_CHARACTERS_PER_SECOND);
  line.classList.toggle("over", length > Number(field.dataset.limit));
}

for (const field of fields) {
  field.addEventListener("input", () => show(field));
  field.addEventListener("focus", () => { last = field; });
}

form.querySelector("#insert")?.addEventListener("click", () => {
  last.setRangeText(`{${form.querySelector("#fact").value}}`, last.selectionStart, last.selectionEnd, "end");
  last.focus();
  show(last);
});
