"""The session of staff in a request: its cookie, its token against forged requests, the check in front of every staff view."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, abort, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from hotline.services import Services
from hotline.staff.sessions import TOKEN_BYTES, StaffSession
from hotline.staff.sign_in import is_one_machine

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_FIELD, CSRF_HEADER = "csrf_token", "X-CSRF-Token"
SIGN_IN = "staff.sign_in"


class ForgedRequest(HTTPException):
    """A request that changes something does not prove that one of our pages sent it."""

    code = 403
    description = "The page is out of date or the request did not come from it."


class SessionIsOver(HTTPException):
    """Something that loads in the background needs a session; a redirect would put the sign-in page in its place."""

    code = 401
    description = "Sign in again."


def is_secure(services: Services) -> bool:
    """Whether browsers reach us by HTTPS only."""
    return services.settings.public_base_url.startswith("https://")


def cookie_name(services: Services) -> str:
    """Over HTTPS, the prefix keeps other hosts and plain HTTP from setting our cookie."""
    return "__Host-staff" if is_secure(services) else "staff"


def current_staff() -> StaffSession:
    """Who uses a staff view; the check in front of it has put it here."""
    session: StaffSession | None = getattr(g, "staff", None)
    if session is None:
        abort(401)
    return session


def find_staff(services: Services) -> StaffSession | None:
    """The session of this request's cookie, complete or not; None for a stranger."""
    if "staff" not in g:
        token = request.cookies.get(cookie_name(services), "")
        g.staff = services.staff_sessions.find(token, is_active=not g.get("is_poll", False)) if token else None
    found: StaffSession | None = g.staff
    return found


def check_staff(services: Services, permission: str) -> Response | None:
    """Let through who is signed in and may; everybody else is led to the sign-in, or refused.

    Returns:
        What to answer instead of the view, or None.
    """
    session = find_staff(services)
    if session is None or session.stage != "full":
        if request.method not in SAFE_METHODS:
            raise ForgedRequest
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            raise SessionIsOver
        # Only the path of a page of ours, so that the way back leads nowhere else.
        return redirect(url_for(SIGN_IN, next=request.full_path.rstrip("?")))  # type: ignore[return-value]
    check_sender(services)
    if not session.may(permission):
        abort(403)
    return None


def check_sender(services: Services) -> None:
    """Refuse a request that changes something unless our own page sent it: by its origin and by the token of its cookie.

    Raises:
        ForgedRequest: it did not.
    """
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    cookies = [request.cookies.get(name) for name in (cookie_name(services), _door_name(services))]
    is_ours = any(hmac.compare_digest(given.encode(), _token_of(cookie).encode()) for cookie in cookies if cookie)
    if not (is_ours and _origin_is_ours(services)):
        raise ForgedRequest


def _origin_is_ours(services: Services) -> bool:
    given = urlsplit(request.headers.get("Origin", ""))
    ours = [urlsplit(services.settings.public_base_url)]
    # On a newcomer's machine 127.0.0.1 and localhost are both right.
    if not services.settings.is_production:
        ours.append(urlsplit(request.host_url))
    return any((given.scheme, given.netloc) == (one.scheme, one.netloc) for one in ours)


def csrf_token(services: Services) -> str:
    """The token of the forms of this page: made from a cookie, which no other site can read.

    A stranger gets a cookie of its own for that. It is never the one of a session: an answer to a forged request would otherwise
    put it in the place of the session and so sign somebody out.
    """
    token = request.cookies.get(cookie_name(services)) if find_staff(services) else request.cookies.get(_door_name(services))
    if not token:
        if request.method not in SAFE_METHODS:
            return ""
        token = g.door_token = getattr(g, "door_token", None) or secrets.token_urlsafe(TOKEN_BYTES)
    return _token_of(token)


def _token_of(cookie: str) -> str:
    return hmac.new(cookie.encode(), b"forms of staff", hashlib.sha256).hexdigest()


def _door_name(services: Services) -> str:
    return cookie_name(services) + "-door"


def hand_over_cookie(services: Services, response: Response, token: str, *, is_complete: bool) -> None:
    """Put a session into the browser. Until signing in is complete, no link of another site may carry it along."""
    _set_cookie(services, response, cookie_name(services), token, "Lax" if is_complete else "Strict")


def _set_cookie(services: Services, response: Response, name: str, token: str, same_site: str) -> None:
    response.set_cookie(name, token, secure=is_secure(services), httponly=True, samesite=same_site, path="/")


def take_cookie_back(services: Services, response: Response) -> None:
    """Remove the cookie from the browser."""
    response.delete_cookie(cookie_name(services), secure=is_secure(services), httponly=True, samesite="Lax", path="/")


def finish(services: Services, response: Response) -> Response:
    """What every answer to staff carries: no copy in any cache, and the origin of forms, which the stricter policy hides."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    if "door_token" in g:
        _set_cookie(services, response, _door_name(services), g.door_token, "Strict")
    return response


def address() -> str | None:
    """The network address failures are counted for; None on the machine itself, where it says nothing."""
    found = request.remote_addr
    return None if found is None or is_one_machine(found) else found
