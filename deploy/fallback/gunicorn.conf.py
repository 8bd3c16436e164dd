"""How the fallback program runs: one small process; ``FALLBACK_PORT`` moves it."""

from __future__ import annotations

import os

bind = f"127.0.0.1:{os.environ.get('FALLBACK_PORT') or '8010'}"
workers = 1
threads = 16
worker_class = "gthread"
keepalive = 75
loglevel = "warning"
logger_class = "hotline.server_log.ServerLogger"
