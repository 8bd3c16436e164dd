"""The understanding process: Rasa's HTTP server with the trained model, on loopback, with a token, and no channel at all.

Usage: ``RASA_TOKEN=… python serve.py --port 5005 [--model models/hotline.tar.gz]`` from this folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from quiet import be_quiet

LOOPBACK = "127.0.0.1"


def main() -> None:
    """Serve until told to stop."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=5005)
    arguments.add_argument("--model", type=Path, default=Path("models/hotline.tar.gz"))
    options = arguments.parse_args()
    # Not on the command line: every user of the machine could read it there.
    token = os.environ.get("RASA_TOKEN", "")
    if not token:
        sys.exit("RASA_TOKEN is not set; give the same random text here and to the web server.")
    if not options.model.is_file():
        sys.exit(f"{options.model} is missing; train it first: python train.py.")
    # One text is too small to share out: a second thread of the linear algebra would only spin.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    be_quiet()
    # Rasa takes seconds to import; wrong arguments must be told at once.
    from rasa.core.run import close_resources, configure_app, load_agent_on_start

    app = configure_app(auth_token=token, port=options.port)
    app.register_listener(partial(load_agent_on_start, str(options.model), None, None), "before_server_start")
    app.register_listener(_warm_up, "after_server_start")
    app.register_listener(close_resources, "after_server_stop")
    app.run(host=LOOPBACK, port=options.port, workers=1, access_log=False, debug=False, motd=False)


async def _warm_up(app: object, _loop: object) -> None:
    """The first parse is slow; no person should be the one who waits for it."""
    from runner import StraightRunner

    processor = app.ctx.agent.processor  # type: ignore[attr-defined]
    processor.graph_runner = StraightRunner(processor.graph_runner)
    await app.ctx.agent.parse_message("Guten Tag")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
