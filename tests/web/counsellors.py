"""People who work in the console, and people who ask for them, for tests of its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from hotline.counselling.assignment import offer_waiting
from hotline.staff.accounts import get_account
from hotline.store.tables import counsellors, handoffs
from tests.conftest import BASE_URL, Hotline
from tests.web import twilio
from tests.web.staff import sign_in

WORDS = "Ich habe gestern einen Brief bekommen"


@dataclass
class Colleague:
    """One account with a browser; what it sends carries the token of the newest page."""

    hotline: Hotline
    name: str
    id: int
    client: FlaskClient
    page: str = field(default="", repr=False)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for a page."""
        answer = self.client.get(path, base_url=BASE_URL, headers=headers)
        if answer.status_code == 200:
            self.page = unescape(answer.get_data(as_text=True))
        return answer

    def open(self, path: str = "/console") -> str:
        """A page that must be there."""
        assert self.get(path).status_code == 200, path
        return self.page

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> TestResponse:
        """Send a form."""
        token = re.search(r'name="csrf_token" value="(\w+)"', self.page)
        sent = {"csrf_token": token[1] if token else "", **form}
        return self.client.post(path, data=sent, base_url=BASE_URL, headers={"Origin": BASE_URL, **(headers or {})})

    def reply(self, handoff_id: int, text: str, key: str = "key-of-form", **form: str) -> TestResponse:
        """Answer in writing, as the script of the page does."""
        json = {"Accept": "application/json"}
        return self.post(f"/console/handoffs/{handoff_id}/reply", json, text=text, key=key, **form)


def hire(
    hotline: Hotline, name: str, *roles: str, languages: tuple[str, ...] = ("de",), presence: str = "available"
) -> Colleague:
    """A counsellor (or a supervisor) who is signed in and takes handoffs."""
    client = sign_in(hotline, name, roles or ("counsellor",))
    with hotline.services.database.begin() as connection:
        account_id = get_account(connection, name).id
        skills = {"languages": list(languages), "topics": [], "lands": [], "capacity": 5}
        row = {"account_id": account_id, "presence": presence, "seen_at": hotline.clock(), **skills}
        connection.execute(insert(counsellors).values(**row))
    colleague = Colleague(hotline, name, account_id, client)
    colleague.open()
    return colleague


def ask(hotline: Hotline, number: str = twilio.PERSON, body: str = "0", **changed: str) -> int:
    """Somebody writes and asks for a person; gives the handoff."""
    twilio.text(hotline, f"SM-{number}-hello", "Guten Tag", From=number, **changed)
    twilio.text(hotline, f"SM-{number}-{body}", body, From=number, **changed)
    return int(str(hotline.rows("handoffs")[-1]["id"]))


def offer(hotline: Hotline) -> None:
    """What the worker does when somebody waits."""
    with hotline.services.database.begin() as connection:
        offer_waiting(connection, hotline.clock())


def take(hotline: Hotline, who: Colleague, number: str = twilio.PERSON) -> int:
    """Somebody asks for a person, writes on, and gets this one."""
    handoff_id = ask(hotline, number)
    twilio.text(hotline, f"SM-{number}-words", WORDS, From=number)
    offer(hotline)
    accepted = who.post(f"/console/handoffs/{handoff_id}/accept")
    assert accepted.location.endswith(f"/console/handoffs/{handoff_id}")
    return handoff_id


def state(hotline: Hotline, handoff_id: int) -> tuple[str, int | None]:
    """Where a handoff stands, and who has it."""
    with hotline.services.database.read() as connection:
        row = connection.execute(select(handoffs.c.state, handoffs.c.counsellor_id).where(handoffs.c.id == handoff_id)).one()
    return row.state, row.counsellor_id
