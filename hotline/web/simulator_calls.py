"""The provider's side of calls in the simulator: the REST API the worker uses, and how the line of a telephone stands."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request

from hotline.web.access import access, services
from hotline.web.simulated_line import SimulatedLine
from hotline.web.simulator import post_to_ourselves

simulator_calls = Blueprint("simulator_calls", __name__, url_prefix="/simulator")
API = "/twilio/2010-04-01/Accounts/<account>"
INBOUND_STATUS = "/webhooks/twilio/status"


@simulator_calls.get("/line")
@access("simulator")
def look() -> dict[str, Any]:
    """How the line of a telephone stands; ``number``, and ``call_sid`` of the call it is in.

    Gives ``ringing`` (``call_sid`` and ``action`` of a call to answer, or null), ``go_on`` (the action its own call was sent to,
    or null) and ``is_over``.
    """
    line = simulated_line().look(request.args.get("number", ""), request.args.get("call_sid", ""))
    ringing = {"call_sid": line.ringing[0], "action": line.ringing[1]} if line.ringing else None
    return {"ringing": ringing, "go_on": line.go_on, "is_over": line.is_over}


@simulator_calls.post(f"{API}/Calls.json")
@access("twilio_api")
def place(account: str) -> tuple[dict[str, Any], int]:
    """Twilio's REST API, as far as the worker uses it: a telephone rings."""
    form = request.form
    sid = simulated_line().place(form["To"], urlsplit(form["Url"]).path, urlsplit(form.get("StatusCallback", "")).path)
    return {"sid": sid, "status": "queued", "account_sid": account}, 201


@simulator_calls.post(f"{API}/Calls/<sid>.json")
@access("twilio_api")
def change(account: str, sid: str) -> dict[str, Any]:
    """A call goes on with another document, or ends."""
    if request.form.get("Url"):
        simulated_line().redirect(sid, urlsplit(request.form["Url"]).path)
    else:
        report_end(sid)
    return {"sid": sid, "account_sid": account}


@simulator_calls.post(f"{API}/Conferences/<conference>/Participants/<sid>.json")
@access("twilio_api")
def change_participant(account: str, conference: str, sid: str) -> dict[str, Any]:
    """Holding and muting change nothing that could be heard here."""
    return {"call_sid": sid, "conference_sid": conference, "account_sid": account}


def simulated_line() -> SimulatedLine:
    """The exchange."""
    return SimulatedLine(services().settings.data_dir, services().cipher)


def report_end(sid: str) -> None:
    """A call is over: reported where the provider would, beside the request that ended it."""
    callback = simulated_line().end(sid)
    form = {"CallSid": sid, "CallStatus": "completed"}
    target = (services(), callback or INBOUND_STATUS, form)
    threading.Thread(target=post_to_ourselves, args=target, daemon=True).start()
