// Translates without leaving the conversation: what is pressed for, and what the person writes while the page is open.
// What comes of it stands in the page at its next look for news.
const thread = document.querySelector("#thread");
const problem = document.querySelector("#translation-problem");
const ANSWER_MS = 30_000;
let underway = Promise.resolve();

async function translate(form) {
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  problem.hidden = true;
  if (document.activeElement === button) {
    // The button goes away with its work; who moves by keyboard stays at the message.
    form.closest(".message").focus({ preventScroll: true });
  }
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.problem ?? problem.dataset.failed);
  } catch (error) {
    problem.textContent = error.name === "Error" ? error.message : problem.dataset.failed;
    problem.hidden = false;
    button.disabled = false;
  }
}

thread.addEventListener("submit", (event) => {
  const form = event.target.closest(".translate");
  if (!form) return;
  event.preventDefault();
  translate(form);
});

// One after the other, so that a service is never asked for many at once.
new MutationObserver((changes) => {
  for (const message of changes.flatMap((change) => [...change.addedNodes])) {
    const form = message.matches?.(".contact") ? message.querySelector(".translate") : null;
    if (form) underway = underway.then(() => translate(form));
  }
}).observe(thread, { childList: true });
