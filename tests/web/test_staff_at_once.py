"""Many attempts in the same moment, on a database of each kind: counting and using up must not be a matter of luck."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from hotline.staff.sign_in import SignInFailed, Visitor
from hotline.staff.throttle import Locked
from tests.conftest import Hotline
from tests.web.member import PASSWORD, enrol, make_member, new_member

AT_ONCE = 8
VISITOR = Visitor("203.0.113.1")


def _outcomes(attempt: Callable[[int], object], times: int = AT_ONCE) -> list[str]:
    """What became of attempts that all start together."""
    ready = Barrier(times)

    def run(number: int) -> str:
        ready.wait()
        try:
            attempt(number)
        except (SignInFailed, Locked) as failure:
            return type(failure).__name__
        return "in"

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_code_used_in_two_browsers_at_once_opens_one(hotline: Hotline) -> None:
    member, services = make_member(hotline), hotline.services
    halves = [services.sign_in.give_password(member.name, PASSWORD, VISITOR) for _ in range(AT_ONCE)]
    sessions = [found for token in halves if (found := services.staff_sessions.find(token))]
    code = member.code()
    outcomes = _outcomes(lambda number: services.sign_in.give_code(sessions[number], code, VISITOR))
    assert outcomes.count("in") == 1


def test_recovery_code_used_in_two_browsers_at_once_opens_one(hotline: Hotline) -> None:
    member, one_time = new_member(hotline)
    code, services = enrol(member, one_time)[0], hotline.services
    halves = [services.sign_in.give_password(member.name, PASSWORD, VISITOR) for _ in range(AT_ONCE)]
    sessions = [found for token in halves if (found := services.staff_sessions.find(token))]
    outcomes = _outcomes(lambda number: services.sign_in.give_code(sessions[number], code, VISITOR))
    assert outcomes.count("in") == 1


def test_guesses_made_at_once_are_all_counted(hotline: Hotline) -> None:
    member, services = make_member(hotline), hotline.services
    outcomes = [
        outcome
        for _ in range(3)
        for outcome in _outcomes(lambda _: services.sign_in.give_password(member.name, "wrong", VISITOR))
    ]
    assert outcomes.count("SignInFailed") == 10
    assert outcomes.count("Locked") == 3 * AT_ONCE - 10
