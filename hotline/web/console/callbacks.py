"""People to be called back, in the console."""

from __future__ import annotations

from flask import Blueprint

callbacks = Blueprint("console_callbacks", __name__, url_prefix="/console/callbacks/<int:callback_id>")
