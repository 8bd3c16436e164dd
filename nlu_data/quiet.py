"""Silences Rasa: it would log the text of every message at debug level, and texts must never be written anywhere."""

from __future__ import annotations

import logging
import os
import warnings


def be_quiet() -> None:
    """Call before anything of Rasa is imported, so that its own set-up finds these values; sets its structured log too."""
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Of Rasa's old dependencies; nothing a person could act on. Filters would not do: Rasa sets its own.
    warnings.showwarning = _drop
    from rasa.utils.log_utils import configure_structlog

    logging.getLogger().setLevel(logging.WARNING)
    configure_structlog(logging.WARNING)


def _drop(*_: object, **__: object) -> None:
    """Take a warning and forget it."""
