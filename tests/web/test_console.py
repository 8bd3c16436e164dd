"""The console over HTTP: who sees what, what is sent once, and what is refused."""

from __future__ import annotations

import re
from datetime import time

import pytest

from hotline.counselling.canned import load_replies, read_reply_files
from hotline.counselling.hours import Hours, Slot
from hotline.counselling.queues import Queue, store_queues
from hotline.counselling.writing import Template
from hotline.knowledge.measures import count_segments
from hotline.staff.accounts import get_account
from hotline.staff.roles import ROLES
from tests.conftest import BASE_URL, Hotline
from tests.web import twilio
from tests.web.counsellors import WORDS, Colleague, ask, hire, offer, state
from tests.web.member import actions
from tests.web.staff import sign_in

WHATSAPP = "whatsapp:+4915112345678"


def _live(colleague: Colleague, handoff_id: int) -> str:
    found = re.search(r'data-poll="([^"]+)"', colleague.open(f"/console/handoffs/{handoff_id}"))
    assert found
    return found[1]


# -- who sees what -------------------------------------------------------------------------------------------------------


def test_a_conversation_is_seen_by_whom_it_is_offered_to_by_its_counsellor_and_by_supervisors(
    quick_hotline: Hotline, anna: Colleague, bert: Colleague, carla: Colleague
) -> None:
    handoff_id = ask(quick_hotline)
    twilio.text(quick_hotline, "SM-words", WORDS)
    path = f"/console/handoffs/{handoff_id}"
    assert [who.get(path).status_code for who in (anna, bert, carla)] == [404, 404, 200]
    assert WORDS not in anna.open(), "who waits is a row without words"
    offer(quick_hotline)
    assert WORDS in anna.open(path)
    assert [who.get(path).status_code for who in (bert, carla)] == [404, 200]
    anna.post(f"{path}/accept")
    assert WORDS in anna.open(path)
    assert [who.get(path).status_code for who in (bert, carla)] == [404, 200]


@pytest.mark.parametrize(
    "deed", ["reply", "note", "release", "return", "close", "transfer", "transfer/withdraw", "number", "decline"]
)
def test_nobody_acts_on_what_somebody_else_has(
    quick_hotline: Hotline, anna: Colleague, bert: Colleague, carla: Colleague, own: int, deed: str
) -> None:
    form = {"text": "x", "key": "key-of-form", "note": "", "to": str(bert.id), "purpose": "call_back"}
    before = quick_hotline.rows("handoffs"), quick_hotline.rows("outbox"), actions(quick_hotline)
    assert bert.post(f"/console/handoffs/{own}/{deed}", **form).status_code == 404
    # A supervisor reads along and may note; everything else is the counsellor's.
    assert carla.post(f"/console/handoffs/{own}/{deed}", **form).status_code == (302 if deed == "note" else 403)
    assert (quick_hotline.rows("handoffs"), quick_hotline.rows("outbox"), actions(quick_hotline)) == before


def test_opening_is_in_the_audit_once_and_no_poll_reads_without_it(quick_hotline: Hotline, anna: Colleague, own: int) -> None:
    live = _live(anna, own)
    reads = [row for row in actions(quick_hotline) if row[1] == "read_conversation"]
    assert reads[-1] == ("anna", "read_conversation", f"handoff {own}")
    first = anna.get(live)
    assert first.status_code == 200
    unchanged = anna.get(live, **{"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert [row for row in actions(quick_hotline) if row[1] == "read_conversation"] == reads
    assert anna.get(re.sub(r"opening=\d+", "opening=999999", live)).status_code == 404
    # Somebody else's opening opens nothing.
    bert = hire(quick_hotline, "bert", "supervisor")
    assert bert.get(live).status_code == 404
    twilio.text(quick_hotline, "SM-more", "Und noch etwas")
    fresh = anna.get(live, **{"If-None-Match": first.headers["ETag"]})
    assert "Und noch etwas" in fresh.get_data(as_text=True)


def test_polls_keep_the_counsellor_there_but_not_the_session(quick_hotline: Hotline, anna: Colleague) -> None:
    for _ in range(110):
        quick_hotline.clock.move(minutes=1)
        assert anna.get("/console/queue").status_code == 200
    (counsellor,) = quick_hotline.rows("counsellors")
    assert counsellor["presence"] == "available"
    assert (quick_hotline.clock() - counsellor["seen_at"]).total_seconds() <= 61  # type: ignore[operator]
    quick_hotline.clock.move(minutes=11)
    answer = anna.get("/console/queue", **{"Sec-Fetch-Mode": "cors"})
    assert answer.status_code == 401, "two hours after the last deed the session is over"


# -- answering -----------------------------------------------------------------------------------------------------------


def test_reply_goes_out_once_however_often_it_is_sent(quick_hotline: Hotline, anna: Colleague, own: int) -> None:
    anna.open(f"/console/handoffs/{own}")
    answers = [anna.reply(own, "Guten Tag, hier ist die Beratung.", topic="luggage", version="2") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(quick_hotline.rows("outbox")) == 2, "the notice to counsellors and one reply"
    sent = [row for row in quick_hotline.rows("messages") if row["author"] == "counsellor"]
    assert [(row["written_by"], row["topic"], row["article_version"]) for row in sent] == [("anna", "luggage", 2)]
    assert quick_hotline.rung.count(int(str(quick_hotline.rows("outbox")[-1]["id"]))) == 1
    page = anna.open(f"/console/handoffs/{own}")
    assert page.count("Guten Tag, hier ist die Beratung.") == 1
    assert "wird gesendet" in page
    assert anna.reply(own, "   ", key="another-key").get_json() == {"problem": "Schreiben Sie erst eine Antwort."}


def test_whatsapp_takes_free_words_for_a_day_then_the_approved_text_alone(quick_hotline: Hotline, anna: Colleague) -> None:
    handoff_id = ask(quick_hotline, WHATSAPP)
    anna.post(f"/console/handoffs/{handoff_id}/accept")
    assert "Sie können noch frei schreiben" in anna.open(f"/console/handoffs/{handoff_id}")
    assert anna.reply(handoff_id, "Kommt an", key="first-key").status_code == 200
    # Written in time, but nobody sent it: at the moment of sending it is too late.
    late = int(str(quick_hotline.rows("outbox")[-1]["id"]))
    quick_hotline.clock.move(hours=24)
    with quick_hotline.services.database.begin() as connection:
        assert quick_hotline.services.outbox.claim(connection, late, quick_hotline.clock()) is None
    assert [(row["status"], row["error_code"]) for row in quick_hotline.rows("outbox") if row["id"] == late] == [
        ("failed", "63016")
    ]
    anna = _again(quick_hotline, "anna", handoff_id)
    refused = anna.reply(handoff_id, "Zu spät", key="second-key")
    assert refused.status_code == 422
    assert "24 Stunden" in refused.get_json()["problem"]
    # Without an approved text the console says so and sends nothing; with one, that text goes out.
    assert "keinen freigegebenen Text" in anna.reply(handoff_id, "", key="third-key", template="yes").get_json()["problem"]
    vars(quick_hotline.services)["whatsapp_templates"] = {"de": Template("HX1", "Wir haben eine Antwort.")}
    assert anna.reply(handoff_id, "", key="fourth-key", template="yes").status_code == 200
    with quick_hotline.services.database.begin() as connection:
        newest = int(str(quick_hotline.rows("outbox")[-1]["id"]))
        claimed = quick_hotline.services.outbox.claim(connection, newest, quick_hotline.clock())
    assert claimed is not None
    assert (claimed.message.content_sid, claimed.message.body) == ("HX1", "Wir haben eine Antwort.")


def _again(hotline: Hotline, name: str, handoff_id: int) -> Colleague:
    """The same counsellor on the next day: a new session."""
    client = hotline.app.test_client()
    with hotline.services.database.begin() as connection:
        account = get_account(connection, name)
        token = hotline.services.staff_sessions.open(connection, account.id, "full")
    client.set_cookie("__Host-staff", token, domain="hotline.test", secure=True, path="/")
    colleague = Colleague(hotline, name, account.id, client)
    colleague.open(f"/console/handoffs/{handoff_id}")
    return colleague


@pytest.mark.parametrize(("number", "channel"), [("+4915112345678", "sms"), ("+493023125001", None)])
def test_a_caller_is_answered_by_sms_where_an_sms_can_arrive(
    quick_hotline: Hotline, anna: Colleague, number: str, channel: str | None
) -> None:
    twilio.call(quick_hotline, "CA1", From=number)
    twilio.call(quick_hotline, "CA1", 1, From=number, Digits="1")
    twilio.call(quick_hotline, "CA1", 2, From=number, Digits="0")
    handoff_id = int(str(quick_hotline.rows("handoffs")[-1]["id"]))
    anna.post(f"/console/handoffs/{handoff_id}/accept")
    page = anna.open(f"/console/handoffs/{handoff_id}")
    answer = anna.reply(handoff_id, "Guten Tag")
    if channel:
        assert "als SMS" in page
        assert quick_hotline.rows("outbox")[-1]["channel"] == channel
    else:
        assert "Festnetz" in page
        assert answer.status_code == 422


# -- numbers, notes, handing on ------------------------------------------------------------------------------------------


def test_number_is_masked_until_a_purpose_is_given_and_that_is_in_the_audit(
    quick_hotline: Hotline, anna: Colleague, own: int
) -> None:
    page = anna.open(f"/console/handoffs/{own}")
    assert "••• 78" in page
    assert "12345678" not in page
    assert anna.post(f"/console/handoffs/{own}/number", purpose="curious").status_code == 400
    shown = anna.post(f"/console/handoffs/{own}/number", purpose="call_back").get_data(as_text=True)
    assert "+4915112345678" in shown
    assert ("anna", "reveal_number", f"handoff {own} call_back") in actions(quick_hotline)
    assert "12345678" not in anna.open(f"/console/handoffs/{own}")


def test_colleague_is_asked_and_until_they_agree_nothing_changes_hands(
    quick_hotline: Hotline, anna: Colleague, bert: Colleague, own: int
) -> None:
    path = f"/console/handoffs/{own}"
    anna.open(path)
    anna.post(f"{path}/transfer", to=str(bert.id), note="Kennt sich mit Fristen aus")
    assert state(quick_hotline, own) == ("accepted", anna.id)
    assert "anna bittet Sie" in bert.open()
    assert "Kennt sich mit Fristen aus" in bert.open(path)
    assert bert.reply(own, "Noch nicht meine").status_code == 403
    bert.post(f"{path}/transfer/decline")
    assert (state(quick_hotline, own), bert.get(path).status_code) == (("accepted", anna.id), 404)
    assert "bert hat abgelehnt" in anna.open(path)
    # Nobody answers in time: it was never gone.
    anna.post(f"{path}/transfer", to=str(bert.id), note="")
    quick_hotline.clock.move(minutes=6)
    assert (state(quick_hotline, own), bert.get(path).status_code) == (("accepted", anna.id), 404)
    assert "bert hat nicht geantwortet" in anna.open(path)
    anna.post(f"{path}/transfer", to=str(bert.id), note="Bitte")
    bert.open(path)
    bert.post(f"{path}/transfer/accept")
    assert state(quick_hotline, own) == ("accepted", bert.id)
    assert "Bitte" in bert.open(path), "the note stays with the conversation"
    assert anna.get(path).status_code == 404
    assert b"Bitte" not in repr(quick_hotline.rows("handoff_notes")).encode()


def test_supervisor_takes_over_and_the_counsellor_sees_it_no_more(
    quick_hotline: Hotline, anna: Colleague, carla: Colleague, own: int
) -> None:
    path = f"/console/handoffs/{own}"
    assert anna.post(f"{path}/reassign", to=str(anna.id)).status_code == 403
    carla.open(path)
    carla.post(f"{path}/reassign", to=str(carla.id))
    assert state(quick_hotline, own) == ("accepted", carla.id)
    assert carla.reply(own, "Hier schreibt jetzt Carla.").status_code == 200
    assert anna.get(path).status_code == 404


@pytest.mark.parametrize(("deed", "left_in"), [("release", "requested"), ("return", "returned"), ("close", "closed")])
def test_conversation_is_let_go_of(quick_hotline: Hotline, anna: Colleague, own: int, deed: str, left_in: str) -> None:
    anna.open(f"/console/handoffs/{own}")
    assert anna.post(f"/console/handoffs/{own}/{deed}").location == "/console"
    assert state(quick_hotline, own)[0] == left_in
    assert anna.get(f"/console/handoffs/{own}").status_code == 404


def test_conversation_goes_to_another_queue_with_a_note_and_keeps_its_place(
    quick_hotline: Hotline, anna: Colleague, own: int
) -> None:
    hours = Hours(dict.fromkeys(range(7), (Slot(time(0), time(0)),)), holidays_of="none")
    with quick_hotline.services.database.begin() as connection:
        store_queues(
            connection, [Queue("general", frozenset(), frozenset(), hours), Queue("law", frozenset(), frozenset(), hours)]
        )
    before = quick_hotline.rows("handoffs")[-1]
    anna.open(f"/console/handoffs/{own}")
    assert anna.post(f"/console/handoffs/{own}/release", queue="nowhere", note="x").status_code == 302
    assert state(quick_hotline, own) == ("accepted", anna.id)
    anna.post(f"/console/handoffs/{own}/release", queue="law", note="Frist am Freitag")
    after = quick_hotline.rows("handoffs")[-1]
    assert (after["state"], after["queue"], after["requested_at"]) == ("requested", "law", before["requested_at"])
    offer(quick_hotline)
    assert "Frist am Freitag" in anna.open(f"/console/handoffs/{own}")


def test_callback_shows_its_number_to_whom_took_it_and_to_nobody_else(
    quick_hotline: Hotline, anna: Colleague, bert: Colleague
) -> None:
    ask(quick_hotline)
    twilio.text(quick_hotline, "SM-callback", "Rückruf bitte")
    with quick_hotline.services.database.begin() as connection:
        handoff = quick_hotline.rows("handoffs")[-1]
        quick_hotline.services.callbacks.book(connection, handoff, "any", quick_hotline.clock())
        callback_id = int(str(connection.exec_driver_sql("SELECT max(id) FROM callbacks").scalar_one()))
        quick_hotline.services.callbacks.run_timer(connection, callback_id, quick_hotline.clock())
    path = f"/console/callbacks/{callback_id}"
    assert "Anrufen" in anna.open()
    assert anna.get(path).status_code == 404, "the number shows only once it is taken"
    anna.post(f"{path}/take")
    assert "+4915112345678" in anna.open(path)
    assert (bert.get(path).status_code, bert.post(f"{path}/missed").status_code) == (404, 404)
    anna.post(f"{path}/missed")
    assert quick_hotline.rows("callbacks")[-1]["state"] == "wanted"


# -- the list ------------------------------------------------------------------------------------------------------------


def test_waiting_is_coloured_and_named_by_its_target(quick_hotline: Hotline, anna: Colleague, bert: Colleague) -> None:
    ask(quick_hotline)
    seen = []
    for minutes in (0, 10, 5):
        quick_hotline.clock.move(minutes=minutes)
        seen.append(re.findall(r'badge (good|warn|bad)">(im Ziel|bald zu spät|zu spät)<', bert.open()))
    assert seen == [[("good", "im Ziel")], [("warn", "bald zu spät")], [("bad", "zu spät")]]


def test_queue_stays_the_same_until_something_happens(quick_hotline: Hotline, anna: Colleague) -> None:
    tag = anna.get("/console/queue").headers["ETag"]
    assert anna.get("/console/queue", **{"If-None-Match": tag}).status_code == 304
    ask(quick_hotline)
    offer(quick_hotline)
    fresh = anna.get("/console/queue", **{"If-None-Match": tag})
    assert "Ihnen angeboten" in fresh.get_data(as_text=True)


@pytest.mark.parametrize("role", [role for role in ROLES if "console.use" not in ROLES[role]])
def test_console_is_closed_to_other_roles(quick_hotline: Hotline, role: str) -> None:
    dora = sign_in(quick_hotline, "dora", [role])
    assert [dora.get(path, base_url=BASE_URL).status_code for path in ("/console", "/console/queue")] == [403, 403]


def test_answers_of_the_hotline_are_found_in_both_languages_and_come_with_their_date(
    quick_hotline: Hotline, anna: Colleague, own: int
) -> None:
    found = anna.open(f"/console/handoffs/{own}/snippets?q=gepäck")
    assert 'data-topic="luggage"' in found
    assert "Stand" in found
    assert "Keine geprüfte Antwort" in anna.open(f"/console/handoffs/{own}/snippets?q=xyzzy")


def test_editor_changes_a_ready_reply_and_a_new_load_keeps_it(quick_hotline: Hotline, anna: Colleague, own: int) -> None:
    editor = Colleague(quick_hotline, "eva", 0, sign_in(quick_hotline, "eva", ["editor"]))
    page, wanted = "/studio/ready-replies/moment", "Kleinen Moment, ich frage nach."
    editor.open(page)
    assert editor.post(page, **{"text-de": "x" * 202}).status_code == 422
    assert editor.post(page, **{"text-de": wanted}).status_code == 302
    assert wanted in anna.open(f"/console/handoffs/{own}")
    with quick_hotline.services.database.begin() as connection:
        load_replies(connection, read_reply_files(quick_hotline.services.content_folder / "canned_replies"))
    assert wanted in anna.open(f"/console/handoffs/{own}")
    editor.open("/studio/ready-replies/add/new")
    assert editor.post("/studio/ready-replies/add/new", slug="moment", **{"text-de": "Hallo"}).status_code == 422
    assert (
        editor.post("/studio/ready-replies/add/new", slug="papers", **{"text-de": "Welche Papiere haben Sie?"}).status_code == 302
    )
    assert "Welche Papiere haben Sie?" in anna.open(f"/console/handoffs/{own}")


def test_every_ready_reply_is_there_in_every_live_language_and_fits_three_parts_of_an_sms(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    found = read_reply_files(services.content_folder / "canned_replies")
    assert set(found) == set(services.live_languages) == set(services.whatsapp_templates)
    names = {language: list(replies) for language, replies in found.items()}
    assert dict.fromkeys(found, names["de"]) == names
    long = [(language, slug) for language, replies in found.items() for slug in replies if count_segments(replies[slug]) > 3]
    assert long == []
