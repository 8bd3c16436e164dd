// How the line of a telephone stands: whether it rings, and whether its call was sent elsewhere or is over.

import { NotTaken, ask } from "./server.js";

// `state` gives the number of the telephone and the call it is in; `follow` is told of the line while both are still the same.
export async function watchLine(state, follow, pauseMs) {
  const { number, mine } = state();
  if (!document.hidden && number) {
    try {
      const line = await ask(`/line?${new URLSearchParams({ number, call_sid: mine?.sid ?? "" })}`);
      const now = state();
      if (now.mine === mine && now.number === number) follow(line);
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
    }
  }
  setTimeout(() => watchLine(state, follow, pauseMs), pauseMs);
}
