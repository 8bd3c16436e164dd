"""The understanding process: Rasa's HTTP server with the trained model, on loopback, with a token, and no channel at all.

Usage: ``RASA_TOKEN=… python serve.py --port 5005 [--shelf FOLDER] [--model NAME]`` from this folder. Without a name it serves
the model of the shelf that is live, else the starter's.

``PUT /live`` with ``{"model": NAME}`` takes another model without a pause: it is read beside the one that answers. (Rasa's own
``PUT /model`` reads it in the loop that answers, and everybody waits ten seconds.) Every answer says which model gave it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from quiet import be_quiet
from shelf import FILE, MODELS, STARTER, folder_of, is_usable, read_live

LOOPBACK = "127.0.0.1"
# The first parse is slow; no person should be the one who waits for it.
WARM_UP = "Guten Tag"
_NAME = re.compile(rf"{STARTER}|\d{{1,9}}")


def main() -> None:
    """Serve until told to stop."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=5005)
    arguments.add_argument("--shelf", type=Path, help="folder of the models trained from the studio")
    arguments.add_argument("--model", help="name of another model than the live one")
    options = arguments.parse_args()
    # Not on the command line: every user of the machine could read it there.
    token = os.environ.get("RASA_TOKEN", "")
    if not token:
        sys.exit("RASA_TOKEN is not set; give the same random text here and to the web server.")
    name = options.model or read_live(options.shelf)
    if not is_usable(folder_of(options.shelf, name)) and not options.model:
        print(f"The live model {name} is missing or of another version: the starter's serves. Publish again.", file=sys.stderr)
        name = STARTER
    model = folder_of(options.shelf, name) / FILE
    if not model.is_file():
        sys.exit(f"{model} is missing; train it first: python train.py.")
    # One text is too small to share out: a second thread of the linear algebra would only spin.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    be_quiet()
    # Rasa takes seconds to import; wrong arguments must be told at once.
    from rasa.core.run import close_resources, configure_app

    app = configure_app(auth_token=token, port=options.port)
    app.register_listener(partial(_start, name, model), "before_server_start")
    app.register_listener(close_resources, "after_server_stop")
    app.add_route(partial(_go_live, options.shelf, token), "/live", methods=["PUT"], name="go_live")
    app.run(host=LOOPBACK, port=options.port, workers=1, access_log=False, debug=False, motd=False)


async def _start(name: str, model: Path, app: Any, _loop: object) -> None:
    # Rasa's answers pass through rules for pages of other sites; no browser asks this server.
    app.request_middleware.clear()
    app.response_middleware.clear()
    app.ctx.swapping = asyncio.Lock()
    app.ctx.agent = await _load(name, model)


async def _load(name: str, model: Path) -> Any:
    """An agent whose answers carry the name of its model, warm."""
    from rasa.core.agent import Agent

    from runner import StraightRunner

    # In a thread of its own: whoever asks meanwhile is answered by the model before.
    agent = await asyncio.get_running_loop().run_in_executor(None, Agent.load, str(model))
    agent.processor.graph_runner = StraightRunner(agent.processor.graph_runner)
    # To see whether its domain is empty, Rasa builds an empty one at every parse, which is a tenth of it; ours stays as it is.
    agent.processor.domain.is_empty = partial(bool, agent.processor.domain.is_empty())
    parse_message = agent.parse_message

    async def parse_and_sign(text: str) -> dict[str, Any]:
        return {**await parse_message(text), "model": name}

    agent.parse_message = parse_and_sign
    await agent.parse_message(WARM_UP)
    return agent


async def _go_live(shelf: Path | None, token: str, request: Any) -> Any:
    from hmac import compare_digest

    from sanic.response import json

    if not compare_digest(request.args.get("token", "").encode(), token.encode()):
        return json({"problem": "token"}, HTTPStatus.UNAUTHORIZED)
    wanted = request.json if isinstance(request.json, dict) else {}
    name = str(wanted.get("model", ""))
    folder = folder_of(shelf, name)
    if not _NAME.fullmatch(name) or (folder == MODELS and name != STARTER) or not is_usable(folder):
        return json({"problem": "model"}, HTTPStatus.NOT_FOUND)
    async with request.app.ctx.swapping:
        request.app.ctx.agent = await _load(name, folder / FILE)
    return json({"model": name})


if __name__ == "__main__":
    main()
