"""How the web server runs, for ``make run``, production and ``make bench`` alike: ``gunicorn app:app`` reads it by itself.

Arguments of the command line come first, such as ``--bind``; ``WEB_CONCURRENCY`` is the number of processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
# Python runs one thread of a process at a time, so each core has a process, and a third one works while another waits for the
# database. Each may wait for several people at once; few threads, because they take turns at their process (docs/speed.md).
workers = int(os.environ.get("WEB_CONCURRENCY") or 3) or 3
threads = 10
worker_class = "gthread"
# Read once and shared by all processes: the danger net, the texts and the library. ``create_app`` leaves nothing open behind.
preload_app = True
keepalive = 75
loglevel = "warning"
logger_class = "hotline.server_log.ServerLogger"


def pre_fork(_server: Any, _worker: Any) -> None:
    """Let the garbage collector leave alone what the processes share: looking at it would copy it."""
    gc.collect()
    gc.freeze()
    # glibc keeps what reading rules and texts freed, and every process would inherit it; other systems have no such call.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
