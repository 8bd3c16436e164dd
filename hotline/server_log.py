"""What the web server itself logs, in our form: gunicorn would write the addresses and the lines of broken requests."""

from __future__ import annotations

import logging
import re
from typing import Any

from gunicorn.glogging import Logger

from hotline.logs import JsonFormatter

_LEFT_OUT = "…"
# "Invalid request from ip=127.0.0.1: Invalid HTTP method: …"
_FILLED = re.compile(r"(?<=[=:]).*", re.DOTALL)


class _NamelessFormatter(JsonFormatter):
    """Fills messages with numbers (of a process, of seconds) and nothing else; of those that come filled, the beginning stays."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter.format``."""
        bare = logging.makeLogRecord(vars(record))
        if not record.args:
            bare.msg = _FILLED.sub(_LEFT_OUT, record.msg, count=1) if isinstance(record.msg, str) else _LEFT_OUT
        elif isinstance(record.args, tuple):
            bare.args = tuple(value if isinstance(value, int | float) else _LEFT_OUT for value in record.args)
        else:
            bare.msg, bare.args = _LEFT_OUT, None
        return super().format(bare)


class ServerLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger; see ``gunicorn.conf.py``."""

    def setup(self, cfg: Any) -> None:
        """Set it up as gunicorn does, with our form of lines."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            # Its own one alone: whoever else listens there has a form of theirs.
            if getattr(handler, "_gunicorn", False):
                handler.setFormatter(_NamelessFormatter())
