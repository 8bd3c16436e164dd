"""Links are checked by the worker: by itself every ten minutes what is due, and at once when an editor asks.

Each link is due once a week. The job looks often and does little, so that a worker that was down or offline loses nothing.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

from huey import Huey, crontab
from redis.exceptions import RedisError

from hotline.knowledge.links import CHECK_LINKS, LinkChecks

log = logging.getLogger(__name__)
EVERY = "*/10"


class LinkBell:
    """Tells the worker that somebody waits for a link. Never fails the caller: the next run finds it anyway."""

    def __init__(self, check: Callable[[], object]) -> None:
        """Hold the job; ``register_link_job`` makes it."""
        self._check = check

    def ring(self) -> None:
        """Ask for a run."""
        try:
            self._check()
        except (RedisError, sqlite3.Error, OSError):
            log.warning("the job queue did not answer; the next run will check the link")


def register_link_job(queue: Huey, checks: Callable[[], LinkChecks]) -> LinkBell:
    """Declare the job on a queue.

    Args:
        queue: where it runs.
        checks: gives what checks links when the job runs; the web process rings but never asks a site.
    """

    def check_links() -> None:
        checks().run()

    return LinkBell(queue.periodic_task(crontab(minute=EVERY), name=CHECK_LINKS)(check_links))
