"""Entry of the web server (``gunicorn app:app``) and of the commands (``flask …``)."""

from __future__ import annotations

import os
import sys

from hotline.cli import register_commands
from hotline.errors import CannotStart
from hotline.logs import configure_logging
from hotline.services import Services
from hotline.settings import Settings
from hotline.web.factory import create_app, make_flask

configure_logging()
IS_COMMAND = os.path.basename(sys.argv[0]) in ("flask", "flask.exe")

try:
    settings = Settings.from_env(os.environ)
    # A command must work while flows or content are broken: it may be the one that finds out.
    app = make_flask(Services(settings)) if IS_COMMAND else create_app(settings)
except CannotStart as error:
    sys.exit(f"The hotline cannot start. {error}")
register_commands(app, app.extensions["services"])
