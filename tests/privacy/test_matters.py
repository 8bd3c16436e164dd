"""What becomes of a matter, with cases, talks, voice messages, notes and translations: erased whole, and gone by its clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from hotline.counselling.desk import CounsellorDesk
from hotline.privacy.erasure import ErasedMatter, find_erased_matters
from hotline.privacy.provider_copies import EveryAccount
from hotline.store.tables import cases, outbox
from hotline.telephony.client import NotDeleted
from tests.conftest import Hotline
from tests.privacy.matters import CASE, OF_MATTER, WORDS, Matter, amounts, store_matter
from tests.web import twilio

OTHER = "+4915112345679"
# Of two matters, what is there once a person.
COUNTED = ("wrap_ups", "wrap_up_answers", "rule_hints")


def _close(hotline: Hotline, matter: Matter) -> None:
    """The counsellor is done with it, everything is sent, and the case is closed."""
    with hotline.services.database.begin() as connection:
        connection.execute(update(outbox).values(status="sent"))
        CounsellorDesk(hotline.services.outbox, hotline.services.cipher).close(
            connection, matter.handoff_id, "anna", hotline.clock()
        )
        closed = {"state": "closed", "closed_at": hotline.clock()}
        connection.execute(update(cases).where(cases.c.id == matter.case_id).values(**closed))


def _pass_days(hotline: Hotline, days: int) -> dict[str, int]:
    hotline.clock.move(days=days)
    return hotline.services.retention.run()


def _ordered(hotline: Hotline) -> set[object]:
    return {row["sid"] for row in hotline.rows("provider_deletions")}


def _erase(hotline: Hotline) -> None:
    twilio.text(hotline, "SM-ask", "Meine Daten löschen")
    twilio.text(hotline, "SM-yes", "Ja")


def test_whole_matter_is_erased_and_nothing_of_another_person(hotline: Hotline) -> None:
    matter = store_matter(hotline, twilio.PERSON, "a")
    before = amounts(hotline, *OF_MATTER)
    other = store_matter(hotline, OTHER, "b")
    shown = twilio.said(twilio.text(hotline, "SM-show", "Meine Daten"))
    assert "Sprachnachrichten 1" in shown
    assert "Notizen der Beratung nach 365" in shown
    _erase(hotline)
    assert amounts(hotline, *OF_MATTER) == before, "what is left is the other person's, and as much"
    assert [row["reference"] for row in hotline.rows("cases")] == [other.reference]
    assert [row["recording_sid"] for row in hotline.rows("voicemails")] == list(other.copies[:1])
    assert set(matter.copies) <= _ordered(hotline), "also of calls we made and of messages left"
    assert not set(other.copies) & _ordered(hotline)
    assert amounts(hotline, *COUNTED) == dict.fromkeys(COUNTED, 2), "codes stay for statistics"
    assert {row["handoff_id"] for row in hotline.rows("wrap_ups")} == {None, other.handoff_id}
    kinds = {row["kind"] for row in hotline.rows("deletions")}
    assert {"cases", "voicemails", "talks", "handoff_notes", "message_translations"} <= kinds
    with hotline.services.database.read() as connection:
        found = find_erased_matters(connection, hotline.clock() - timedelta(days=1), 9)
    assert {(one.kind, one.name) for one in found} == {("handoff", str(matter.handoff_id)), ("case", matter.reference)}
    assert all(isinstance(one, ErasedMatter) for one in found)


def test_words_of_counsellors_go_with_those_of_the_person_the_case_by_its_clock_and_codes_stay(hotline: Hotline) -> None:
    matter = store_matter(hotline, twilio.PERSON, "a")
    _pass_days(hotline, 20)
    assert amounts(hotline, "voicemails") == {"voicemails": 1}, "somebody is still to hear it"
    _close(hotline, matter)
    assert _pass_days(hotline, 1)["voicemail"] == 1
    assert matter.copies[0] in _ordered(hotline)
    _pass_days(hotline, 31)
    assert amounts(hotline, *WORDS) == dict.fromkeys(WORDS, 0)
    assert matter.copies[1] in _ordered(hotline)
    assert amounts(hotline, *CASE) == dict.fromkeys(CASE, 1)
    _pass_days(hotline, 335)
    assert amounts(hotline, *CASE, "handoffs", "case_conversations") == dict.fromkeys(
        (*CASE, "handoffs", "case_conversations"), 0
    )
    assert [row["handoff_id"] for row in hotline.rows("wrap_ups")] == [None]
    _pass_days(hotline, 30)
    assert amounts(hotline, *COUNTED) == {"wrap_ups": 1, "wrap_up_answers": 1, "rule_hints": 0}


def test_copies_are_ordered_too_when_the_row_above_goes_first(quick_hotline: Hotline) -> None:
    vars(quick_hotline.services.retention)["_days"] |= {"handoffs": 1, "callbacks": 1}
    matter = store_matter(quick_hotline, twilio.PERSON, "a")
    _close(quick_hotline, matter)
    _pass_days(quick_hotline, 2)
    assert amounts(quick_hotline, "handoffs", "talks", "voicemails") == {"handoffs": 0, "talks": 0, "voicemails": 0}
    assert set(matter.copies) <= _ordered(quick_hotline)


def test_voice_message_that_comes_after_an_erasure_is_deleted_unheard(quick_hotline: Hotline) -> None:
    store_matter(quick_hotline, twilio.PERSON, "a")
    twilio.call(quick_hotline, "CA1")
    twilio.call(quick_hotline, "CA1", 1, Digits="1")
    _erase(quick_hotline)
    form = {"CallSid": "CA1", "From": twilio.PERSON, "To": twilio.OURS, "CallStatus": "in-progress"}
    twilio.post(quick_hotline, "/webhooks/twilio/calls/5", {**form, "RecordingSid": "RElate", "RecordingDuration": "17"})
    assert quick_hotline.rows("voicemails") == []
    assert "RElate" in _ordered(quick_hotline)


class _Account:
    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.asked = refuses, list[str]()

    def delete_copy(self, sid: str) -> None:
        self.asked.append(sid)
        if self.refuses:
            raise NotDeleted(20003)


def test_both_accounts_delete_and_one_that_does_not_is_asked_again() -> None:
    first, second = _Account(refuses=True), _Account()
    copies = EveryAccount([first, second])
    with pytest.raises(NotDeleted):
        copies.delete_copy("SM1")
    first.refuses = False
    copies.delete_copy("SM1")
    assert first.asked == second.asked == ["SM1", "SM1"]
