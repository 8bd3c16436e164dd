"""What a person who waits is told: their place, and about how long, without the whole queue being read."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, update

from hotline.counselling.assignment import accept, offer_waiting
from hotline.counselling.standing import Standing, read_standing
from hotline.store.tables import counsellors
from tests.counselling.desks import Office


def _standing(office: Office, handoff_id: int) -> Standing:
    with office.database.read() as connection:
        return read_standing(connection, handoff_id, office.clock())


def _ask_later(office: Office, **asked: str) -> int:
    office.set_clock(office.clock() + timedelta(minutes=1))
    return office.ask(**asked)


def test_place_counts_those_of_ones_own_language_who_are_served_before(office: Office) -> None:
    office.hire("carla", "ar")
    german, arabic, second, urgent = (
        office.ask(), _ask_later(office, language="ar"), _ask_later(office), _ask_later(office, danger="violence"),
    )  # fmt: skip
    assert [_standing(office, one).place for one in (german, arabic, second, urgent)] == [2, 1, 3, 1]


def test_who_was_taken_is_no_longer_before_anybody(office: Office) -> None:
    first, second = office.ask(), _ask_later(office)
    with office.database.begin() as connection:
        accept(connection, first, office.anna, office.clock())
    assert _standing(office, second).place == 1
    assert _standing(office, first).place is None, "a counsellor has them: nothing is waited for"


def test_nobody_there_means_no_promise(office: Office) -> None:
    waits = office.ask()
    with office.database.begin() as connection:
        connection.execute(update(counsellors).values(presence="away"))
    assert _standing(office, waits) == Standing(_standing(office, waits).opening)
    assert _standing(office, waits).opening.is_open


def test_a_queue_is_not_read_to_its_end_to_tell_one_person_nor_while_nobody_has_a_free_hand(office: Office) -> None:
    with office.database.begin() as connection:
        connection.execute(update(counsellors).values(presence="busy"))
    waiting = [office.ask() for _ in range(30)]
    lists: list[str] = []

    @event.listens_for(office.database.engine, "after_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT handoffs.id") and "WHERE handoffs.id = " not in statement and "LIMIT" not in statement:
            lists.append(statement)

    standing = _standing(office, waiting[-1])
    with office.database.begin() as connection:
        assert offer_waiting(connection, office.clock()) == []
        assert not lists
        connection.execute(update(counsellors).values(presence="available"))
        assert offer_waiting(connection, office.clock())
    assert standing.place == 30
    assert lists, "with free hands the queue is read: the listener sees it"
