// Asks the server, and says so on the page when it is silent.

const ANSWER_MS = 20000;
const texts = document.getElementById("simulator").dataset;

export class NotTaken extends Error {}

export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(texts.base + path, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    showFailure(true);
    throw new NotTaken();
  }
  showFailure(false);
  if (!response.ok) throw new NotTaken();
  return response.json();
}

export const post = (path, content) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) });

function showFailure(isDown) {
  const failure = document.getElementById("failure");
  const wanted = isDown ? texts.failed : "";
  // Only a change is written: an alert must not be read out at every poll.
  if (failure.textContent !== wanted) failure.textContent = wanted;
}
