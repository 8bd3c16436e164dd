"""What a counsellor does with a conversation."""

from __future__ import annotations

from flask import Blueprint

deeds = Blueprint("console_deeds", __name__, url_prefix="/console/handoffs/<int:handoff_id>")
