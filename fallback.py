"""Entry of the fallback program (``make fallback``): answers Twilio's fallback URLs from a signed file, without the hotline."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hotline.errors import CannotStart
from hotline.fallback.server import FallbackServer
from hotline.fallback.settings import FallbackSettings
from hotline.logs import configure_logging

configure_logging()
DATA_DIR = Path(os.environ.get("HOTLINE_DATA_DIR") or Path(__file__).resolve().parent / "var")

try:
    app = FallbackServer(FallbackSettings.from_env(os.environ, DATA_DIR))
except CannotStart as error:
    sys.exit(f"The fallback cannot start. {error}")
