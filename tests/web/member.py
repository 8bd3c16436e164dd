"""A member of staff with a browser and an authenticator app."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from hotline.staff.second_factor import code_at, make_secret, step_at
from hotline.store.tables import staff_accounts
from hotline.web.staff_session import cookie_name
from tests.conftest import Hotline

PASSWORD = "birne-mofa-teller-zaun"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_numbers = itertools.count(1)


@dataclass
class Member:
    """One person: an account, and one browser, whose pages are asked for and whose forms are sent as a browser would."""

    hotline: Hotline
    name: str
    secret: str = ""
    client: FlaskClient = field(init=False)
    page: str = ""

    def __post_init__(self) -> None:
        self.client = self.hotline.app.test_client()

    @property
    def base(self) -> str:
        """The address of the hotline."""
        return self.hotline.services.settings.public_base_url

    @property
    def cookie(self) -> str:
        """The id of the session in this browser, or an empty text."""
        found = self.client.get_cookie(cookie_name(self.hotline.services), domain=urlsplit(self.base).hostname or "")
        return found.value if found else ""

    def code(self, around: int = 0) -> str:
        """What the authenticator app shows now, or some half minutes later."""
        return code_at(self.secret, step_at(self.hotline.clock()) + around)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self._keep(self.client.get(path, base_url=self.base, headers={"User-Agent": FIREFOX, **headers}))

    def post(self, path: str, form: dict[str, str] | None = None, **changed: str | None) -> TestResponse:
        """Send a form of the page that is open.

        Args:
            path: where to.
            form: fields besides the token.
            changed: ``token``, ``origin`` or ``address`` instead of the right ones, None leaves them out; ``forwarded``, what a
                proxy says.
        """
        token = changed.get("token", self.token)
        origin = changed.get("origin", self.base)
        headers = {"User-Agent": FIREFOX, **({"Origin": origin} if origin is not None else {})}
        data = {**(form or {}), **({"csrf_token": token} if token is not None else {})}
        if changed.get("forwarded"):
            headers["X-Forwarded-For"] = str(changed["forwarded"])
        remote = {"REMOTE_ADDR": changed.get("address") or "198.51.100.7"}
        return self._keep(self.client.post(path, data=data, base_url=self.base, headers=headers, environ_overrides=remote))

    def forget(self) -> None:
        """Remove the session from the browser, as one that was closed."""
        self.client.delete_cookie("__Host-staff", domain="hotline.test")

    def carry(self, cookie: str) -> None:
        """Put the id of a session into the browser."""
        self.client.set_cookie("__Host-staff", cookie, domain="hotline.test", secure=True)

    @property
    def token(self) -> str:
        """The token of the forms of the page that is open."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.page)
        return found.group(1) if found else ""

    @property
    def text(self) -> str:
        """The words of the page that is open."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page)))

    def give_password(self, password: str = PASSWORD, *, name: str | None = None, **changed: str | None) -> TestResponse:
        """The first step of signing in, from the form."""
        self.get(str(changed.pop("path", None) or "/staff/sign-in"))
        found = re.search(r'name="next" value="([^"]*)"', self.page)
        form = {"name": name or self.name, "password": password, **({"next": html.unescape(found.group(1))} if found else {})}
        return self.post("/staff/sign-in", form, **changed)

    def give_code(self, code: str | None = None) -> TestResponse:
        """The second step, from the form."""
        self.get("/staff/second-factor")
        return self.post("/staff/second-factor", {"code": self.code() if code is None else code})

    def sign_in(self) -> None:
        """Both steps; the clock moves on, so that the code is a fresh one."""
        self.hotline.clock.move(seconds=31)
        self.give_password()
        assert self.give_code().status_code == 303
        assert self.get("/staff/account").status_code == 200

    def _keep(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html":
            self.page = response.get_data(as_text=True)
        return response


def new_member(hotline: Hotline, *roles: str, name: str | None = None) -> tuple[Member, str]:
    """An account as the command line makes it, and its one-time password."""
    services, name = hotline.services, name or f"member.{next(_numbers)}"
    with services.database.begin() as connection:
        password = services.staff_accounts.add(connection, name, roles or ("editor",), "de", "test", hotline.clock())
    return Member(hotline, name), password


def make_member(hotline: Hotline, *roles: str, name: str | None = None) -> Member:
    """Somebody who has signed in before: a password of one's own, a device, and an empty browser."""
    member, _ = new_member(hotline, *roles, name=name)
    member.secret = make_secret()
    services = hotline.services
    ready = {
        "password_hash": services.passwords.hash(PASSWORD),
        "one_time_until": None,
        "totp_secret_encrypted": services.cipher.encrypt(member.secret),
    }
    with services.database.begin() as connection:
        connection.execute(update(staff_accounts).where(staff_accounts.c.name == member.name).values(ready))
    return member


def enrol(member: Member, one_time_password: str) -> list[str]:
    """The whole first sign-in; gives the recovery codes."""
    member.give_password(one_time_password)
    member.get("/staff/first-password")
    member.post("/staff/first-password", {"password": PASSWORD, "again": PASSWORD})
    member.get("/staff/enrol")
    member.secret = shown_secret(member)
    assert member.post("/staff/enrol", {"code": member.code()}).status_code == 200
    return re.findall(r"<li><code>([A-Z0-9-]+)</code>", member.page)


def shown_secret(member: Member) -> str:
    """The key on the page of the enrolment."""
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', member.page)
    assert found, member.text
    secret = found.group(1).replace(" ", "")
    assert pyotp.TOTP(secret)
    return secret


def actions(hotline: Hotline) -> list[tuple[object, object, object]]:
    """The audit: actor, action, object."""
    return [(row["actor"], row["action"], row["object"]) for row in hotline.rows("audit")]
