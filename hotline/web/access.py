"""Who may use a route. Deny by default: a view without a rule answers nobody."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

from flask import Flask, Request, abort, current_app, g, request

from hotline.services import Services
from hotline.telephony.signature import SignedRequest, is_signed, public_url

Rule = Literal["public", "twilio", "simulator", "twilio_api"]
View = TypeVar("View", bound=Callable[..., Any])
REFUSED = "webhooks_refused"


def access(rule: Rule) -> Callable[[View], View]:
    """Name the rule of a view: public (anybody), twilio (signed webhook), simulator (where it is on), twilio_api (account)."""

    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


def services() -> Services:
    """The services of the running application."""
    found: Services = current_app.extensions["services"]
    return found


def guard(app: Flask) -> None:
    """Enforce the rules in front of every request."""
    access("public")(app.view_functions["static"])

    @app.before_request
    def enforce() -> None:
        if request.endpoint is None:
            return
        rule = getattr(app.view_functions[request.endpoint], "access_rule", None)
        if rule not in _CHECKS:
            abort(403)
        _CHECKS[rule]()


def _check_twilio() -> None:
    settings = services().settings
    signed = SignedRequest(
        url=public_url(settings.public_base_url, raw_uri(request)),
        # A JSON body is covered by its hash in the address, not by its members.
        form=[] if request.is_json else form_pairs(request),
        body=request.get_data(),
        content_type=request.headers.get("Content-Type", ""),
        signature=request.headers.get("X-Twilio-Signature"),
    )
    if not is_signed(signed, settings.twilio_auth_tokens):
        services().tally.add(REFUSED)
        abort(403)


def _check_simulator() -> None:
    if not services().settings.has_simulator:
        abort(404)
    # A foreign page in the same browser can post a form here, but no JSON.
    if request.method == "POST" and not request.is_json:
        abort(415)


def _check_twilio_api() -> None:
    settings = services().settings
    if not settings.has_simulator:
        abort(404)
    given = request.authorization
    user, password = (given.username or "", given.password or "") if given else ("", "")
    is_known = hmac.compare_digest(user.encode(), settings.twilio_account_sid.encode())
    if not (is_known and hmac.compare_digest(password.encode(), settings.twilio_auth_tokens[0].encode())):
        abort(401)


def raw_uri(incoming: Request) -> str:
    """The address as it came in, undecoded; the signature is over these very characters."""
    raw: str = incoming.environ.get("RAW_URI") or incoming.environ.get("REQUEST_URI") or incoming.full_path
    return raw


def form_pairs(incoming: Request) -> list[tuple[str, str]]:
    """All pairs of a form in order, repeated and blank ones kept; of a JSON object its members; else nothing."""
    # The guard and the view both read them.
    if "form_pairs" not in g:
        g.form_pairs = _read_pairs(incoming)
    pairs: list[tuple[str, str]] = g.form_pairs
    return pairs


def _read_pairs(incoming: Request) -> list[tuple[str, str]]:
    if incoming.is_json:
        content = incoming.get_json(silent=True)
        return [(str(key), str(value)) for key, value in content.items()] if isinstance(content, dict) else []
    if incoming.mimetype != "application/x-www-form-urlencoded":
        return []
    return parse_qsl(incoming.get_data().decode("utf-8", "replace"), keep_blank_values=True)


_CHECKS: dict[str, Callable[[], None]] = {
    "public": lambda: None,
    "twilio": _check_twilio,
    "simulator": _check_simulator,
    "twilio_api": _check_twilio_api,
}
