// Follows a training: fetches how far it is every two seconds, and shows the whole page once it is done.
const SECONDS = 2;
const place = document.querySelector("#progress");
const phase = document.querySelector("#phase");

async function look() {
  try {
    const answer = await fetch(place.dataset.address, { signal: AbortSignal.timeout(10_000) });
    if (answer.ok) {
      // Our own server's page, made of escaped texts.
      place.innerHTML = await answer.text();
      // A screen reader hears of each step once, not of every second.
      if (phase.textContent !== place.firstElementChild.dataset.phase) {
        phase.textContent = place.firstElementChild.dataset.phase;
      }
    }
    if (answer.status === 401 || place.firstElementChild.dataset.open === "no") {
      location.reload();
      return;
    }
  } catch {
    // The server restarts; the training goes on, and so does this.
  }
  setTimeout(look, SECONDS * 1000);
}

setTimeout(look, SECONDS * 1000);
