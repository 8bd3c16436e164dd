"""Every route of staff as a request: its method, its address, and somebody with given roles who asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.routing import Rule

from hotline.staff.accounts import get_account
from hotline.staff.matrix import Right
from hotline.web.access import RIGHTS
from tests.conftest import Hotline
from tests.quality.test_guards import VALUES
from tests.web.member import Member, make_member

UNKNOWN_ID = "999999"


@dataclass(frozen=True)
class StaffRoute:
    """One method of one route for staff."""

    rule: Rule
    method: str
    view: Any

    @property
    def key(self) -> tuple[str, str]:
        """What its row in the table of rights begins with."""
        return self.rule.endpoint, self.method

    def path(self, values: Mapping[str, str] = VALUES) -> str:
        """Its address with these values in the changing parts."""
        parts = (values[text] if is_variable else text for is_variable, text in self.rule._trace if text != "|")
        return "".join(parts)


def staff_routes(hotline: Hotline) -> Iterator[StaffRoute]:
    """All of them, HEAD and OPTIONS left out."""
    views = hotline.app.view_functions
    for rule in hotline.app.url_map.iter_rules():
        if getattr(views[rule.endpoint], "access_rule", None) == "staff":
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield StaffRoute(rule, method, views[rule.endpoint])


def rights_of(hotline: Hotline) -> Mapping[tuple[str, str], Right]:
    """The table the application goes by."""
    rights: Mapping[tuple[str, str], Right] = hotline.app.extensions[RIGHTS]
    return rights


class Asker:
    """Somebody with given roles who asks for everything: each time with a fresh session, for some routes end it."""

    def __init__(self, hotline: Hotline, *roles: str) -> None:
        """Make the account."""
        self._hotline = hotline
        self.member: Member = make_member(hotline, *roles)
        with hotline.services.database.read() as connection:
            self.account_id = get_account(connection, self.member.name).id

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> int:
        """Send a request with the right token and origin, and these fields; gives the status."""
        with self._hotline.services.database.begin() as connection:
            self.member.carry(self._hotline.services.staff_sessions.open(connection, self.account_id, "full"))
        if method == "GET":
            return self.member.get(path).status_code
        self.member.get("/staff/account/password")
        return self.member.post(path, form).status_code
