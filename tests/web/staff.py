"""Signing people in without the forms, for tests of what comes after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from flask.testing import FlaskClient

from hotline.staff.accounts import get_account
from hotline.staff.matrix import Right
from hotline.staff.roles import ROLES
from hotline.web.access import RIGHTS
from hotline.web.staff_session import cookie_name
from tests.conftest import BASE_URL, Hotline


def open_session(hotline: Hotline, name: str, roles: Iterable[str]) -> str:
    """Make an account and a complete session; gives the value of its cookie."""
    with hotline.services.database.begin() as connection:
        hotline.services.staff_accounts.add(connection, name, roles, "de", "test", datetime.now(UTC))
        account = get_account(connection, name)
        return hotline.services.staff_sessions.open(connection, account.id, "full", device="test")


def sign_in(hotline: Hotline, name: str, roles: Iterable[str]) -> FlaskClient:
    """A browser in which somebody with these roles is signed in."""
    client = hotline.app.test_client()
    token = open_session(hotline, name, roles)
    domain = BASE_URL.removeprefix("https://")
    client.set_cookie(cookie_name(hotline.services), token, domain=domain, secure=True, path="/")
    return client


def add_right(hotline: Hotline, endpoint: str, *methods: str) -> None:
    """A row in the table of rights for a route that a test makes: every role may, whose permission allows it."""
    for method in methods or ("GET",):
        hotline.app.extensions[RIGHTS][endpoint, method] = Right(endpoint, method, dict.fromkeys(ROLES, "all"))
