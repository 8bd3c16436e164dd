"""Translations beside a conversation, as a counsellor uses them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from hotline.counselling.assignment import accept
from hotline.counselling.handoff import HandoffRequest, request_handoff
from hotline.staff.accounts import get_account
from hotline.store.database import insert_returning_id
from hotline.store.tables import addresses, contacts, conversations, counsellors, handoffs, messages
from hotline.translation.careful import CarefulTranslator
from hotline.translation.desk import TranslationDesk
from hotline.translation.libretranslate_service import LibreTranslateService
from tests.conftest import Hotline
from tests.translation.servers import Service, libretranslate_server
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.member import Member, make_member
from tests.web.staff import open_session

SAID, MEANT = (
    "أريد العودة إلى بلدي، هل تساعدونني؟ رقمي 0151 2345678",
    "Ich möchte in mein Land zurück, helfen Sie mir? Meine Nummer ist [1]",
)
REPLY, REPLY_MEANT = "Ja. Rufen Sie uns an: 0800 1234567.", "نعم. اتصلوا بنا: [1]."
WORDS = {SAID.replace("0151 2345678", "[1]"): MEANT, REPLY.replace("0800 1234567", "[1]"): REPLY_MEANT}


def _use(hotline: Hotline, service: Service) -> None:
    """Have a hotline translate by a server."""
    service.answers = lambda text: WORDS.get(text, f"«{text}»")
    services = hotline.services
    translator = CarefulTranslator(LibreTranslateService("", service.url, 5.0))
    vars(services)["translation_desk"] = TranslationDesk(
        services.database, services.cipher, services.counsellor_desk, translator, services.texts, services.clock
    )


def _say(hotline: Hotline, conversation_id: int, text: str) -> int:
    """A message of the person."""
    body = hotline.services.cipher.encrypt(text)
    said = {"conversation_id": conversation_id, "direction": "in", "author": "contact", "language": "ar", "body_encrypted": body}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, messages, {**said, "created_at": hotline.clock()})


def _conversation(hotline: Hotline, counsellor: str) -> tuple[int, int, int]:
    """Somebody has written in Arabic, and a counsellor has taken it; gives handoff, message and conversation."""
    services, now = hotline.services, hotline.clock()
    with services.database.begin() as connection:
        account_id = get_account(connection, counsellor).id
        row = {"languages": ["de"], "topics": [], "lands": [], "capacity": 3, "presence": "available", "seen_at": now}
        connection.execute(insert(counsellors).values(account_id=account_id, **row))
        contact_id = insert_returning_id(connection, contacts, {"created_at": now})
        number = {"pseudonym": "p", "number_encrypted": services.cipher.encrypt("+4915112345678")}
        address_id = insert_returning_id(connection, addresses, {"contact_id": contact_id, **number})
        begun = {"address_id": address_id, "channel": "sms", "status": "bot", "language": "ar", "session": {}, "turns": 0}
        begun |= {"service_address_encrypted": services.cipher.encrypt("+4930555000"), "opened_at": now, "last_inbound_at": now}
        conversation_id = insert_returning_id(connection, conversations, begun)
        handoff_id = request_handoff(connection, HandoffRequest(conversation_id, "asked", None, "ar", None, "sms"), now).id
        accept(connection, handoff_id, account_id, now)
    return handoff_id, _say(hotline, conversation_id, SAID), conversation_id


@pytest.fixture
def service() -> Iterator[Service]:
    """A server that translates."""
    with libretranslate_server() as made:
        yield made


@pytest.fixture
def anna(quick_hotline: Hotline, service: Service) -> Member:
    """A counsellor, signed in."""
    _use(quick_hotline, service)
    member = make_member(quick_hotline, "counsellor", name="anna")
    member.sign_in()
    return member


def test_counsellor_switches_on_reads_drafts_and_sends(quick_hotline: Hotline, anna: Member, service: Service) -> None:
    handoff_id, message_id, _ = _conversation(quick_hotline, "anna")
    page = f"/console/handoffs/{handoff_id}"
    anna.get(page)
    assert "Namen im Text gehen mit" in anna.text
    assert f"{page}/translation/messages" not in anna.page
    # Off means off, whatever is asked for.
    anna.post(f"{page}/translation/messages/{message_id}")
    assert service.texts == []
    anna.get(page)
    anna.post(f"{page}/translation/switch", {"on": "yes"})
    anna.get(page)
    anna.post(f"{page}/translation/messages/{message_id}")
    anna.get(page)
    assert "Ich möchte in mein Land zurück, helfen Sie mir? Meine Nummer ist 0151 2345678" in anna.text
    assert SAID in anna.text
    assert "Maschinelle Übersetzung (LibreTranslate), kann falsch sein" in anna.text
    anna.post(f"{page}/translation/draft", {"own_words": REPLY})
    assert "نعم. اتصلوا بنا: \u200e0800 1234567." in anna.text
    key = re.search(r'name="key" value="([^"]+)"', anna.page)
    assert key is not None
    before = len(quick_hotline.rows("outbox"))
    form = {"own_words": REPLY, "translation": "نعم. اتصلوا بنا: \u200e0800 1234567.", "key": key.group(1)}
    assert anna.post(f"{page}/translation/send", form).status_code == 303
    sent = quick_hotline.rows("outbox")[before:]
    bodies = [quick_hotline.services.cipher.decrypt(row["body_encrypted"]) for row in sent]  # type: ignore[arg-type]
    assert bodies == ["نعم. اتصلوا بنا: \u200e0800 1234567.\n\nترجمة آلية. قد تكون فيها أخطاء."]
    anna.get(page)
    assert f"dann von einer Maschine übersetzt: {REPLY}" in anna.text


def test_failure_is_a_sentence_and_the_original_stays(quick_hotline: Hotline, anna: Member, service: Service) -> None:
    handoff_id, message_id, _ = _conversation(quick_hotline, "anna")
    page = f"/console/handoffs/{handoff_id}"
    anna.get(page)
    anna.post(f"{page}/translation/switch", {"on": "yes"})
    service.status = 403
    anna.get(page)
    anna.post(f"{page}/translation/messages/{message_id}")
    anna.get(page)
    assert "lehnt unseren Schlüssel ab" in anna.text
    assert SAID in anna.text
    anna.post(f"{page}/translation/draft", {"own_words": REPLY})
    assert "lehnt unseren Schlüssel ab" in anna.text
    assert REPLY in anna.text


def test_colleague_and_supervisor_reach_nothing_of_it(quick_hotline: Hotline, anna: Member) -> None:
    handoff_id, message_id, _ = _conversation(quick_hotline, "anna")
    # Whoever looks on sees the conversation, so that it is there is no news.
    for name, role, refused in (("bert", "counsellor", 404), ("eva", "supervisor", 403)):
        other = make_member(quick_hotline, role, name=name)
        other.sign_in()
        for path in ("switch", "confirm", f"messages/{message_id}", "draft", "send"):
            form = {"on": "yes", "own_words": REPLY, "translation": REPLY, "key": "key-1234"}
            answer = other.post(f"/console/handoffs/{handoff_id}/translation/{path}", form)
            assert answer.status_code == refused, path
            other.get("/staff/account")
    assert quick_hotline.rows("translation_switches") == []


def test_without_a_service_there_is_no_panel(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline, "counsellor", name="anna")
    member.sign_in()
    handoff_id, _, _ = _conversation(quick_hotline, "anna")
    member.get(f"/console/handoffs/{handoff_id}")
    assert "panel-packet" in member.page
    assert "panel-translation" not in member.page


@pytest.fixture
def served(tmp_path: Path, service: Service) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path) as hotline:
        _use(hotline, service)
        yield hotline


def _translate_by_keyboard(page: Page, message_id: int) -> None:
    """Translate a message, and stay where one was."""
    page.locator(f"#translate-{message_id}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#message-{message_id} .translated")).to_contain_text("Ich möchte in mein Land zurück")
    expect(page.locator(f"#message-{message_id}")).to_be_focused()


def test_who_is_quicker_than_the_script_stays_at_the_message(tabs: Tabs, served: Hotline) -> None:
    page = tabs.open(served, open_session(served, "anna", ["counsellor"]), is_refused=True)
    handoff_id, message_id, conversation_id = _conversation(served, "anna")
    for number in range(20):
        _say(served, conversation_id, f"{number}")
    page.goto(f"/console/handoffs/{handoff_id}")
    page.route(re.compile(r"/static/\w+\.js$"), lambda route: route.abort())
    page.click("#translation-on")
    _translate_by_keyboard(page, message_id)
    expect(page.locator(f"#message-{message_id}")).to_be_in_viewport()
    # The script comes with the next page: there it goes to the message, too, and forgets the place.
    page.unroute_all()
    page.reload()
    expect(page.locator(f"#message-{message_id}")).to_be_focused()
    expect(page.locator(f"#message-{message_id}")).to_be_in_viewport()
    page.reload()
    expect(page.locator("#thread > .message").last).to_be_in_viewport()


def test_reading_and_answering_in_a_browser(tabs: Tabs, served: Hotline) -> None:
    page = tabs.open(served, open_session(served, "anna", ["counsellor"]))
    handoff_id, message_id, conversation_id = _conversation(served, "anna")
    look_at = os.environ.get("LOOK_AT")
    page.goto(f"/console/handoffs/{handoff_id}")
    page.click("#translation-on")
    _translate_by_keyboard(page, message_id)
    # What comes while the page is open is translated by itself.
    _say(served, conversation_id, "شكرا")
    expect(page.locator("#thread > .message").last.locator(".translated")).to_contain_text("«شكرا»")
    check_accessibility(page)
    if look_at:
        page.screenshot(path=f"{look_at}/translation.png", full_page=True)
    page.fill("#own-words-new", REPLY)
    page.click("#translation-draft")
    expect(page.locator("#translation")).to_have_value("نعم. اتصلوا بنا: \u200e0800 1234567.")
    for viewport in (DESKTOP, SMALL):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        check_accessibility(page)
        check_fits(page)
        if look_at:
            page.screenshot(path=f"{look_at}/draft-{viewport['width']}.png", full_page=True)
    page.click("#send-translation")
    expect(page.locator("#thread > .message").last.locator(".translated")).to_contain_text(REPLY)
    # A topic for people only: the warning stands in front of everything.
    with served.services.database.begin() as connection:
        connection.execute(update(handoffs).values(topic="dublin"))
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.reload()
    expect(page.locator("#translation-warning")).to_be_visible()
    expect(page.locator(".translate, #translation-draft")).to_have_count(0)
    check_accessibility(page)
    if look_at:
        page.screenshot(path=f"{look_at}/warning.png")
    page.click("#translation-confirm")
    expect(page.locator("#translation-draft")).to_be_visible()
