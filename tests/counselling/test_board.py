"""The board counts exactly, and its day is one of Germany."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from hotline.counselling.assignment import accept, release
from hotline.counselling.board import Board, Figures, PresenceLine, day_begins, read_board
from hotline.counselling.handoff import find_open, move_handoff
from hotline.counselling.queues import Targets
from hotline.store.tables import callbacks, conversations, handoffs
from tests.conftest import NOW
from tests.counselling.desks import Office

# NOW is Tuesday, 24 November, 13:00 in Germany.
MIDNIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


def _look(office: Office) -> Board:
    with office.database.read() as connection:
        return read_board(connection, office.clock())


def _ask(office: Office, at: datetime, language: str = "ar", danger: str | None = None) -> int:
    """Somebody asks for a person at a moment, in a conversation that began then."""
    office.set_clock(at)
    handoff_id = office.ask(office.open(None), danger, language)
    with office.database.begin() as connection:
        of = office.handoff(handoff_id)["conversation_id"]
        connection.execute(update(conversations).where(conversations.c.id == of).values(language=language))
    return handoff_id


def _move(office: Office, handoff_id: int, made: str) -> None:
    with office.database.begin() as connection:
        handoff = find_open(connection, office.handoff(handoff_id)["conversation_id"])
        assert handoff is not None
        move_handoff(connection, handoff, made, office.clock())  # type: ignore[arg-type]


def _take(office: Office, handoff_id: int, counsellor_id: int, at: datetime) -> None:
    office.set_clock(at)
    with office.database.begin() as connection:
        accept(connection, handoff_id, counsellor_id, at)


def test_empty_office_shows_noughts_and_no_lines(office: Office) -> None:
    board = _look(office)
    assert (board.waiting, board.today, board.by_language, board.reasons) == ((), Figures(), {}, {})
    (queue,) = board.queues
    assert (queue.name, queue.opening.is_open, queue.targets) == ("general", True, Targets(15, 3))


def test_who_waits_is_counted_by_language_danger_first_with_the_oldest_and_the_late(office: Office) -> None:
    for minutes, language in ((40, "ar"), (20, "ar"), (5, "ar"), (30, "fa")):
        _ask(office, NOW - timedelta(minutes=minutes), language)
    _ask(office, NOW - timedelta(minutes=4), "tr", danger="medical")
    office.set_clock(NOW)
    shown = [(line.language, line.waiting, line.danger, line.late, line.oldest_at) for line in _look(office).waiting]
    assert shown == [
        ("tr", 1, 1, 1, NOW - timedelta(minutes=4)),
        ("ar", 3, 0, 2, NOW - timedelta(minutes=40)),
        ("fa", 1, 0, 1, NOW - timedelta(minutes=30)),
    ]


def test_nobody_is_late_while_everybody_is_at_home_but_in_danger_they_are(office: Office) -> None:
    _ask(office, MIDNIGHT + timedelta(minutes=30), "ar")
    _ask(office, MIDNIGHT + timedelta(minutes=30), "ar", danger="medical")
    # The queue opens at 9; the one who came in the night is late from 9:15 on.
    office.set_clock(datetime(2026, 11, 24, 8, 14, tzinfo=UTC))
    assert (_look(office).waiting[0].late, _look(office).today.late) == (1, 1)
    office.set_clock(datetime(2026, 11, 24, 8, 16, tzinfo=UTC))
    assert (_look(office).waiting[0].late, _look(office).today.late) == (2, 2)


def test_figures_of_the_day_in_all_and_by_language(office: Office) -> None:
    first = _ask(office, NOW - timedelta(minutes=120), "ar")
    _take(office, first, office.anna, NOW - timedelta(minutes=110))
    second = _ask(office, NOW - timedelta(minutes=100), "ar")
    _take(office, second, office.anna, NOW - timedelta(minutes=80))
    third = _ask(office, NOW - timedelta(minutes=70), "fa", danger="medical")
    _take(office, third, office.bert, NOW - timedelta(minutes=69))
    gone = _ask(office, NOW - timedelta(minutes=60), "fa")
    _move(office, gone, "leave")
    withdrawn = _ask(office, NOW - timedelta(minutes=50), "fa")
    _move(office, withdrawn, "withdraw")
    _ask(office, NOW - timedelta(minutes=10), "tr")
    office.set_clock(NOW)
    board = _look(office)
    # 10, 20 and 1 minutes; only the one of 20 was late.
    assert board.today == Figures(conversations=6, handoffs=6, danger=1, accepted=3, median_wait_seconds=600, late=1, abandoned=1)
    assert board.by_language == {
        "ar": Figures(conversations=2, handoffs=2, accepted=2, median_wait_seconds=900, late=1),
        "fa": Figures(conversations=3, handoffs=3, danger=1, accepted=1, median_wait_seconds=60, abandoned=1),
        "tr": Figures(conversations=1, handoffs=1),
    }
    assert board.reasons == {"asked": 5, "danger": 1}


def test_wait_counts_to_the_first_who_took_it_and_who_was_put_back_waits_again(office: Office) -> None:
    handoff_id = _ask(office, NOW - timedelta(minutes=30))
    _take(office, handoff_id, office.anna, NOW - timedelta(minutes=20))
    office.set_clock(NOW)
    with office.database.begin() as connection:
        release(connection, handoff_id, office.anna, NOW)
    board = _look(office)
    assert (board.today.accepted, board.today.median_wait_seconds, board.today.late) == (1, 600, 0)
    assert [line.waiting for line in board.waiting] == [1]


@pytest.mark.parametrize(
    ("begins", "now"),
    [
        (MIDNIGHT, NOW),
        # In summer Germany is two hours ahead, and the day of the change begins in one time and ends in the other.
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), datetime(2026, 7, 2, 12, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)),
    ],
)
def test_day_begins_at_midnight_in_germany(office: Office, begins: datetime, now: datetime) -> None:
    assert day_begins(now) == begins
    before = _ask(office, begins - timedelta(seconds=1))
    _ask(office, begins)
    # Asked for yesterday, taken today: the wait is one of today.
    _take(office, before, office.anna, begins + timedelta(seconds=1))
    office.set_clock(now)
    today = _look(office).today
    assert (today.conversations, today.handoffs, today.accepted, today.median_wait_seconds) == (1, 1, 1, 2)


def test_callbacks_kept_and_missed_but_not_those_that_became_something_else(office: Office) -> None:
    for number, ends in enumerate(("reach", "fail", "taken over")):
        office.set_clock(NOW - timedelta(hours=1))
        handoff_id = office.ask(office.open(f"+491510000000{number}"))
        with office.database.begin() as connection:
            handoff = find_open(connection, office.handoff(handoff_id)["conversation_id"])
            assert handoff is not None
            office.callbacks.book(connection, handoff, "any", office.clock())
        callback_id = office.callback(handoff_id)["id"]
        tries = {"reach": 1, "fail": 3, "taken over": 0}[ends]
        with office.database.begin() as connection:
            for _ in range(tries):
                at = NOW - timedelta(minutes=30)
                connection.execute(_due(callback_id, at))
                office.callbacks.take(connection, callback_id, office.anna, "anna", at)
                if ends == "reach":
                    office.callbacks.note_reached(connection, callback_id, "anna", at)
                else:
                    office.callbacks.note_missed(connection, callback_id, "anna", at)
            if not tries:
                accept(connection, handoff_id, office.bert, NOW)
    office.set_clock(NOW)
    today = _look(office).today
    assert (today.callbacks_kept, today.callbacks_missed) == (1, 1)


def _due(callback_id: int, at: datetime) -> object:
    return update(callbacks).where(callbacks.c.id == callback_id).values(state="due", due_at=at)


def test_presence_is_counted_with_room_and_a_closed_screen_is_away(office: Office) -> None:
    office.hire("carla", "de", "ar", capacity=1)
    office.hire("dora", "ar", presence="busy", capacity=2)
    taken = _ask(office, NOW)
    with office.database.begin() as connection:
        accept(connection, taken, office.anna, NOW)
    board = _look(office)
    assert board.presence == (
        PresenceLine("available", 3, 1, 11), PresenceLine("busy", 1, 0, 2), PresenceLine("away", 0, 0, 0)
    )  # fmt: skip
    assert board.free == {"ar": 1, "de": 3}
    office.clock.move(minutes=6)
    assert [line.people for line in _look(office).presence] == [0, 0, 4]
    assert _look(office).free == {"ar": 0, "de": 0}


def test_board_knows_nobodys_name_and_what_is_over_since_yesterday_is_left_out(office: Office) -> None:
    closed = _ask(office, NOW - timedelta(days=2))
    _move(office, closed, "close")
    with office.database.begin() as connection:
        connection.execute(update(handoffs).values(closed_at=NOW - timedelta(days=1)))
    office.set_clock(NOW)
    board = _look(office)
    assert board.today == Figures()
    assert "anna" not in repr(board)
