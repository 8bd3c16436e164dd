// Keeps the board fresh: asks every five seconds, and puts in only what has changed.
const SECONDS = 5;
const board = document.querySelector("#board");
const stale = document.querySelector("#stale");
let shown = "";

async function look() {
  try {
    const answer = await fetch(board.dataset.address, {
      cache: "no-store",
      headers: shown ? { "If-None-Match": shown } : {},
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (answer.ok) {
      const focused = [...board.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
      // Our own server's page, made of escaped texts.
      board.innerHTML = await answer.text();
      shown = answer.headers.get("ETag") ?? "";
      // Whoever moves through the tables by keyboard stays where they are.
      board.querySelectorAll("[tabindex]")[focused]?.focus({ preventScroll: true });
    }
    tell(answer.ok || answer.status === 304);
  } catch {
    tell(false);
  }
  setTimeout(look, SECONDS * 1000);
}

// Old figures that look like new ones would be worse than none.
function tell(isFresh) {
  stale.hidden = isFresh;
  stale.textContent = isFresh ? "" : stale.dataset.words;
}

setTimeout(look, SECONDS * 1000);
