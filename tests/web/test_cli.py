"""The operator's commands: what they show and do, and one sentence instead of a traceback when they cannot."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.fernet import Fernet

from hotline.cli import register_commands
from hotline.privacy.cipher import Cipher
from hotline.services import Services
from hotline.settings import ROOT
from hotline.store.revision import check_revision
from hotline.web.factory import make_flask
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline with its commands."""
    made = make_hotline(make_settings(tmp_path))
    register_commands(made.app, made.services)
    yield made
    made.services.database.close()


def _run(hotline: Hotline, *words: str, given: str | None = None) -> Result:
    return hotline.app.test_cli_runner().invoke(args=list(words), input=given)


def _refused(result: Result) -> str:
    """The one sentence a command stopped with."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


def _ask_for_a_person(hotline: Hotline, **changed: str) -> None:
    twilio.text(hotline, "SM1", "Guten Tag, zwiebelturm", **changed)
    twilio.text(hotline, "SM2", "0", **changed)


# -- handoffs ------------------------------------------------------------------------------------------------------------


def test_waiting_people_are_listed_urgent_first_without_number_and_text(hotline: Hotline) -> None:
    assert _run(hotline, "handoffs", "list").output == "0 open.\n"
    _ask_for_a_person(hotline)
    twilio.text(hotline, "SM3", "Ich will nicht mehr leben", From="+4915112345679")
    shown = _run(hotline, "handoffs", "list").output.splitlines()
    assert shown[-1] == "2 open."
    assert "URGENT" in shown[0]
    assert "selfharm" in shown[0]
    assert "URGENT" not in shown[1]
    assert "sms asked" in shown[1]
    assert not [line for line in shown if "151123" in line or "leben" in line or "zwiebelturm" in line]


def test_conversation_of_a_handoff_is_shown_and_the_look_is_noted(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    shown = _run(hotline, "handoffs", "show", "1").output
    assert "contact: Guten Tag, zwiebelturm" in shown
    assert "bot: " in shown
    assert twilio.PERSON not in shown
    assert [row["action"] for row in hotline.rows("audit")] == ["read_conversation"]


@pytest.mark.parametrize(
    "text", ["\x1b]0;pwned\x07", "\x1b[2J", "\x9b31mred", "\u202eabc", "\u2066abc", "a\rb", "a\x08b", "a\x00b"]
)
def test_shown_conversation_cannot_steer_the_terminal(hotline: Hotline, text: str) -> None:
    twilio.text(hotline, "SM1", text)
    twilio.text(hotline, "SM2", "0")
    shown = hotline.app.test_cli_runner().invoke(args=["handoffs", "show", "1"], color=True).output
    assert "contact: " in shown
    assert not [c for c in shown if unicodedata.category(c)[0] == "C" and c != "\n"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"])
def test_further_lines_of_a_text_are_set_in_so_that_none_passes_for_another_author(hotline: Hotline, line_end: str) -> None:
    twilio.text(hotline, "SM1", f"Hallo{line_end}2026-11-24 12:00 counsellor: forged")
    twilio.text(hotline, "SM2", "0")
    lines = _run(hotline, "handoffs", "show", "1").output.splitlines()
    assert [line for line in lines if "forged" in line] == ["    2026-11-24 12:00 counsellor: forged"]


def test_number_is_shown_only_when_asked_for_and_that_is_noted(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    assert f"Number: {twilio.PERSON}" in _run(hotline, "handoffs", "show", "1", "--number").output
    assert [row["action"] for row in hotline.rows("audit")] == ["read_conversation", "reveal_number"]


def test_withheld_number_is_said_to_be_withheld_and_cannot_be_written_to(hotline: Hotline) -> None:
    twilio.call(hotline, "CA1", From="anonymous")
    twilio.call(hotline, "CA1", 1, From="anonymous", Digits="0")
    assert "Number: withheld" in _run(hotline, "handoffs", "show", "1", "--number").output
    assert "withheld" in _refused(_run(hotline, "handoffs", "reply", "1", "Hallo"))


def test_reply_goes_to_the_person_on_their_channel_and_rings_the_worker(hotline: Hotline) -> None:
    _ask_for_a_person(hotline, From=f"whatsapp:{twilio.PERSON}", To=f"whatsapp:{twilio.OURS}")
    before = list(hotline.rung)
    assert _run(hotline, "handoffs", "reply", "1", "Wir rufen Sie an.").output == "The reply is on its way.\n"
    (outbox_id,) = hotline.rung[len(before) :]
    row = next(row for row in hotline.rows("outbox") if row["id"] == outbox_id)
    decrypt = hotline.services.cipher.decrypt
    names = ("recipient_encrypted", "sender_encrypted", "body_encrypted")
    assert [decrypt(row[name]) for name in names] == [twilio.PERSON, twilio.OURS, "Wir rufen Sie an."]  # type: ignore[arg-type]
    assert row["channel"] == "whatsapp"
    assert "counsellor: Wir rufen Sie an." in _run(hotline, "handoffs", "show", "1").output


def test_caller_is_answered_with_a_text(hotline: Hotline) -> None:
    twilio.call(hotline, "CA1")
    twilio.call(hotline, "CA1", 1, Digits="0")
    assert _run(hotline, "handoffs", "reply", "1", "Hallo").exit_code == 0
    assert hotline.rows("outbox")[-1]["channel"] == "sms"


def test_person_who_stopped_messages_is_not_written_to(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    twilio.text(hotline, "SM3", "STOP", OptOutType="STOP")
    assert "has stopped messages" in _refused(_run(hotline, "handoffs", "reply", "1", "Hallo"))
    assert len(hotline.rows("outbox")) == 1, "only the notice to the counsellor"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_empty_reply_is_refused(hotline: Hotline, text: str) -> None:
    _ask_for_a_person(hotline)
    assert "The reply is empty." in _refused(_run(hotline, "handoffs", "reply", "1", text))


def test_closed_handoff_is_gone_and_noted(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    assert _run(hotline, "handoffs", "close", "1").output == "Closed.\n"
    assert _run(hotline, "handoffs", "list").output == "0 open.\n"
    assert hotline.rows("audit")[-1]["action"] == "close_handoff"
    assert "no open handoff 1" in _refused(_run(hotline, "handoffs", "close", "1"))


@pytest.mark.parametrize("words", [("show", "404"), ("show", "404", "--number"), ("reply", "404", "Hallo"), ("close", "404")])
def test_unknown_handoff_is_one_sentence_that_says_where_to_look_and_leaves_no_trace(
    hotline: Hotline, words: tuple[str, ...]
) -> None:
    assert "flask handoffs list" in _refused(_run(hotline, "handoffs", *words))
    assert hotline.rows("audit") == []


# -- outbox --------------------------------------------------------------------------------------------------------------


def test_failed_messages_are_listed_without_number_and_text_and_sent_again_on_demand(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    assert _run(hotline, "outbox", "list").output == "0 to look at.\n"
    with hotline.services.database.begin() as connection:
        outbox = hotline.services.outbox
        outbox.finish(connection, hotline.rung[0], "failed", now=hotline.clock(), error_code=30005)
    line, total = _run(hotline, "outbox", "list").output.splitlines()
    assert total == "1 to look at."
    shown = json.loads(line)
    assert (shown["id"], shown["status"], shown["error_code"]) == (str(hotline.rung[0]), "failed", "30005")
    assert not [name for name in shown if "encrypted" in name]
    assert _run(hotline, "outbox", "resend", shown["id"]).output == "It is on its way.\n"
    assert hotline.rung == [int(shown["id"])] * 2
    assert _run(hotline, "outbox", "list").output == "0 to look at.\n"


def test_message_that_did_not_fail_is_not_sent_again(hotline: Hotline) -> None:
    _ask_for_a_person(hotline)
    for outbox_id in (str(hotline.rung[0]), "404"):
        assert "flask outbox list" in _refused(_run(hotline, "outbox", "resend", outbox_id))
    assert len(hotline.rung) == 1


# -- checks --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def spoilt(tmp_path: Path) -> Hotline:
    """A hotline on copies of flows, texts and answers, for a test to spoil. No database is there."""
    root = tmp_path / "root"
    for folder in ("ivr_flows", "translations", "content", "hotline/web"):
        shutil.copytree(ROOT / folder, root / folder)
    services = Services(replace(make_settings(tmp_path / "data"), root=root))
    app = make_flask(services)
    register_commands(app, services)
    return Hotline(services, app, None, None, [])  # type: ignore[arg-type]


def _change(hotline: Hotline, name: str, old: str, new: str) -> None:
    path = hotline.services.settings.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("command", ["flows", "texts", "content"])
def test_check_of_our_own_files_finds_nothing_and_needs_no_database(spoilt: Hotline, command: str) -> None:
    result = _run(spoilt, command, "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.output.count("\n") == 1
    assert not list(spoilt.services.settings.data_dir.glob("*.db"))


def test_flow_check_names_every_problem_and_fails(spoilt: Hotline) -> None:
    _change(spoilt, "ivr_flows/welcome.yml", "next: menu.main", "next: menu.mian")
    result = _run(spoilt, "flows", "check")
    assert result.exit_code == 1
    assert "welcome.greeting: leads to 'menu.mian', which is no step." in result.stderr
    assert "problem(s)." in result.stderr
    assert "all is well" not in result.output


def test_flow_check_finds_a_text_no_language_has(spoilt: Hotline) -> None:
    _change(spoilt, "ivr_flows/welcome.yml", "say: welcome.greeting", "say: welcome.new")
    assert "de: the text 'welcome.new' is missing." in _run(spoilt, "flows", "check").stderr


def test_unreadable_flow_file_is_one_sentence(spoilt: Hotline) -> None:
    (spoilt.services.flows_folder / "welcome.yml").write_text("flow: [", encoding="utf-8")
    for command in ("flows", "texts"):
        assert "welcome.yml, line" in _refused(_run(spoilt, command, "check"))


def test_text_check_names_language_and_key(spoilt: Hotline) -> None:
    _change(spoilt, "translations/tr/LC_MESSAGES/prompts.po", 'msgid "stop.done', '#, fuzzy\nmsgid "stop.done')
    assert "tr: the text 'stop.done" in _run(spoilt, "texts", "check").stderr


def test_texts_are_compiled_for_every_language(spoilt: Hotline) -> None:
    for path in spoilt.services.translations_folder.rglob("*.mo"):
        path.unlink()
    assert "de" in _run(spoilt, "texts", "compile").output
    assert set(spoilt.services.live_languages) <= {
        path.parts[-3] for path in spoilt.services.translations_folder.rglob("prompts.mo")
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title:", "titel:", "title is missing"),
        ("review: machine", "review: perhaps", "review must be machine or reviewed"),
        ("language: de", "language: fr", "language must be the file's name"),
    ],
)
def test_content_check_names_file_and_remedy(spoilt: Hotline, old: str, new: str, problem: str) -> None:
    _change(spoilt, "content/topics/entry_ban/de.yml", old, new)
    result = _run(spoilt, "content", "check")
    assert result.exit_code == 1
    assert "entry_ban/de.yml: " in result.stderr
    assert problem in result.stderr


def test_broken_content_leaves_the_loaded_answers_as_they_are(hotline: Hotline, spoilt: Hotline) -> None:
    before = hotline.rows("translations")
    vars(spoilt.services)["database"] = hotline.services.database
    (spoilt.services.content_folder / "topics" / "entry_ban" / "article.yml").unlink()
    assert "entry_ban: article.yml is missing." in _run(spoilt, "content", "load").stderr
    assert hotline.rows("translations") == before


# -- keys and database -----------------------------------------------------------------------------------------------------


def test_new_keys_can_be_used_and_are_new_each_time(hotline: Hotline) -> None:
    first, second = (_run(hotline, "keys", "new").output for _ in range(2))
    assert first != second
    keys = dict(line.split("=", 1) for line in first.splitlines())
    assert set(keys) == {"DATA_KEYS", "PSEUDONYM_KEY"}
    cipher = Cipher([keys["DATA_KEYS"]], keys["PSEUDONYM_KEY"])
    assert cipher.decrypt(cipher.encrypt("Grüße")) == "Grüße"
    assert Fernet(keys["DATA_KEYS"])


def test_upgrade_makes_an_empty_database_usable_and_may_be_repeated(tmp_path: Path) -> None:
    services = Services(make_settings(tmp_path / "new" / "data"))
    app = make_flask(services)
    register_commands(app, services)
    for _ in range(2):
        assert app.test_cli_runner().invoke(args=["db", "upgrade"]).output == "The database is up to date.\n"
    check_revision(services.database)
    services.database.close()


def test_worker_refuses_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    services = Services(make_settings(tmp_path))
    app = make_flask(services)
    register_commands(app, services)
    result = app.test_cli_runner().invoke(args=["worker"])
    assert "flask db upgrade" in result.stderr
    assert result.exit_code == 1
    services.database.close()
