"""Who may use a route. Deny by default: a view without a rule answers nobody."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, abort, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from hotline.services import Services
from hotline.staff.matrix import Right, load_matrix
from hotline.staff.roles import PERMISSIONS
from hotline.telephony.signature import SignedRequest, is_signed, public_url
from hotline.web.ownership import check_names, check_owner
from hotline.web.staff_session import check_sender, check_staff, current_staff, finish

Rule = Literal["public", "twilio", "simulator", "twilio_api", "staff", "staff_door", "metrics"]
STAFF_RULES = ("staff", "staff_door")
View = TypeVar("View", bound=Callable[..., Any])
# First part of the path of every page for staff.
STAFF_AREAS = ("staff", "studio", "console", "reports")
REFUSED = "webhooks_refused"
# Where the application keeps the table of rights.
RIGHTS = "rights"
# What a proxy says of whom it speaks for.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


def access(
    rule: Rule,
    *,
    permission: str | None = None,
    owns: str | None = None,
    names: Mapping[str, str] | None = None,
    max_bytes: int | None = None,
    is_poll: bool = False,
) -> Callable[[View], View]:
    """Name the rule of a view.

    Args:
        rule: public (anybody), twilio (signed webhook), simulator (where it is on), twilio_api (account), staff (signed in and
            permitted), staff_door (the way to signing in: anybody, but no forged form), metrics (METRICS_TOKEN, or this machine).
        permission: of ``staff.roles``; every staff view names one, no other view does.
        owns: kind of the thing the address names, where it belongs to somebody (``ownership.owner_rule``); ``staff/matrix.csv``
            says who may do it to their own and who to all. Of a view that names shared things, that table says why.
        names: further ids, of the form or further on in the address -> kind of thing (``ownership.naming_rule``). A view reads no
            id of a form that is not named here.
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
        view.access_owns = owns  # type: ignore[attr-defined]
        view.access_names = names or {}  # type: ignore[attr-defined]
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
    app.extensions[RIGHTS] = dict(load_matrix())

    @app.before_request
    def enforce() -> AnyResponse | None:
        if request.endpoint is None:
            return None
        view: Any = app.view_functions[request.endpoint]
        rule = getattr(view, "access_rule", None)
        if rule == "staff":
            # Before the check, which reads the form; a stranger's is not read at all.
            if view.access_max_bytes is not None:
                request.max_content_length = view.access_max_bytes
            g.is_poll = view.access_is_poll
            return check_staff(services(), view.access_permission) or _check_right(view)
        if rule not in _CHECKS:
            abort(403)
        _CHECKS[rule]()
        return None

    @app.after_request
    def close(response: Response) -> Response:
        return finish(services(), response) if is_for_staff(app) else response


def _refuse_unwritable() -> None:
    """PostgreSQL holds no NUL in a text; nobody types one, and it would be an error of ours."""
    given = (*(request.view_args or {}).values(), *(text for texts in request.values.listvalues() for text in texts))
    if any(isinstance(text, str) and "\0" in text for text in given):
        abort(400)


def _check_door() -> None:
    check_sender(services())
    _refuse_unwritable()


def _check_right(view: Any) -> AnyResponse | None:
    """The row of the table for this view, and whose the thing is that the address names. Without a row nobody passes."""
    _refuse_unwritable()
    method = "GET" if request.method == "HEAD" else request.method
    right: Right | None = current_app.extensions[RIGHTS].get((request.endpoint, method))
    session = current_staff()
    scope = right.scope_of(session.roles, view.access_permission) if right else "no"
    if right is None or scope == "no":
        abort(403)
    named = request.view_args or {}
    if view.access_owns is not None:
        refused = check_owner(services(), session, view.access_owns, named, scope)
        return refused or check_names(services(), session, view.access_names, named, request.form)
    if named and not (right.shared and scope == "all"):
        abort(403)
    return None


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
    if not is_signed(signed, settings.webhook_tokens):
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


def _check_metrics() -> None:
    """Figures are for whoever has the token; without one, for this machine alone, and for nobody a proxy speaks for."""
    token = services().settings.metrics_token
    if token is not None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            abort(401)
    elif request.remote_addr not in ("127.0.0.1", "::1") or any(name in request.headers for name in _FORWARDED):
        abort(403)


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
        try:
            content = incoming.get_json(silent=True)
        except RecursionError:  # brackets within brackets without end
            content = None
        # JSON can hold half of a letter, which no database and no answer can.
        pairs = content.items() if isinstance(content, dict) else ()
        return [(_whole(str(key)), _whole(str(value))) for key, value in pairs]
    if incoming.mimetype != "application/x-www-form-urlencoded":
        return []
    return parse_qsl(incoming.get_data().decode("utf-8", "replace"), keep_blank_values=True)


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


_CHECKS: dict[str, Callable[[], None]] = {
    "public": lambda: None,
    "twilio": _check_twilio,
    "simulator": _check_simulator,
    "twilio_api": _check_twilio_api,
    "metrics": _check_metrics,
    "staff_door": _check_door,
}
