"""Who may use a route. Deny by default: a view without a rule answers nobody."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, abort, current_app, g, request

from hotline.services import Services
from hotline.staff.roles import PERMISSIONS
from hotline.telephony.signature import SignedRequest, is_signed, public_url
from hotline.web.staff_session import check_sender, check_staff, finish

Rule = Literal["public", "twilio", "simulator", "twilio_api", "staff", "staff_door"]
STAFF_RULES = ("staff", "staff_door")
View = TypeVar("View", bound=Callable[..., Any])
# First part of the path of every page for staff.
STAFF_AREAS = ("staff", "studio", "console", "reports")
REFUSED = "webhooks_refused"


def access(
    rule: Rule, *, permission: str | None = None, max_bytes: int | None = None, is_poll: bool = False
) -> Callable[[View], View]:
    """Name the rule of a view.

    Args:
        rule: public (anybody), twilio (signed webhook), simulator (where it is on), twilio_api (account), staff (signed in and
            permitted), staff_door (the way to signing in: anybody, but no forged form).
        permission: of ``staff.roles``; every staff view names one, no other view does.
        max_bytes: how large a request may be, where the limit of all others is too small; read only for who may use the view.
        is_poll: an open page asks by itself; nobody is active because of that, and the session ends as if it had not.

    Raises:
        ValueError: a staff view without a known permission, or another one with it.
    """
    if (permission in PERMISSIONS) != (rule == "staff") or (permission is not None and rule != "staff"):
        raise ValueError(f"@access({rule!r}, permission={permission!r}): a staff view, and no other, names a known permission.")

    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        view.access_permission = permission  # type: ignore[attr-defined]
        view.access_max_bytes = max_bytes  # type: ignore[attr-defined]
        view.access_is_poll = is_poll  # type: ignore[attr-defined]
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
    def enforce() -> Response | None:
        if request.endpoint is None:
            return None
        view: Any = app.view_functions[request.endpoint]
        rule = getattr(view, "access_rule", None)
        if rule == "staff":
            # Before the check, which reads the form; a stranger's is not read at all.
            if view.access_max_bytes is not None:
                request.max_content_length = view.access_max_bytes
            g.is_poll = view.access_is_poll
            return check_staff(services(), view.access_permission)
        if rule not in _CHECKS:
            abort(403)
        _CHECKS[rule]()
        return None

    @app.after_request
    def close(response: Response) -> Response:
        return finish(services(), response) if is_for_staff(app) else response


def is_for_staff(app: Flask) -> bool:
    """Whether a request is answered with a page for staff; one that leads nowhere is judged by its path."""
    if request.endpoint is None:
        return request.path.split("/")[1] in STAFF_AREAS
    return getattr(app.view_functions[request.endpoint], "access_rule", None) in STAFF_RULES


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
    "staff_door": lambda: check_sender(services()),
}
