"""Commands for hours, counsellors and callbacks: what an operator sees, and one sentence when something cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from hotline.cli import register_commands
from hotline.settings import WrongSetting
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio

BAVARIAN = """
queues:
  arabic:
    languages: [ar]
    holidays: DE-BY
    hours:
      wednesday: ["09:00-12:30", "13:30-19:00"]
  general:
    hours:
      monday: ["09:00-15:00"]
    special:
      2026-12-24: []
"""


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline with its commands."""
    made = make_hotline(make_settings(tmp_path))
    register_commands(made.app, made.services)
    yield made
    made.services.database.close()


def _run(hotline: Hotline, *words: str) -> Result:
    return hotline.app.test_cli_runner().invoke(args=list(words))


def _load(hotline: Hotline, tmp_path: Path, content: str) -> Result:
    (tmp_path / "queues.yml").write_text(content, encoding="utf-8")
    return _run(hotline, "hours", "load", str(tmp_path / "queues.yml"))


def _preview(hotline: Hotline, at: str, *words: str, language: str = "ar") -> str:
    return _run(hotline, "hours", "preview", "--language", language, "--at", at, *words).output


def test_preview_answers_what_an_arabic_caller_gets_on_6_january_at_18_in_bavaria(hotline: Hotline, tmp_path: Path) -> None:
    assert _load(hotline, tmp_path, BAVARIAN).output == "Loaded 2 queue(s).\n"
    shown = _preview(hotline, "2027-01-06 18:00", "--land", "BY")
    assert "Wednesday 2027-01-06 18:00, ar, DE-BY, queue arabic" in shown
    assert "closed: holiday (Heilige Drei Könige)" in shown
    assert "opens again: Wednesday 2027-01-13 09:00" in shown
    texts = hotline.services.texts
    assert (
        f"reads: {texts.get('ar', 'person.closed.text')} {texts.get('ar', 'person.opens_at.text', when='13.01. 09:00')}" in shown
    )
    assert f"hears: {texts.get('ar', 'person.closed.voice')}" in shown
    assert texts.get("ar", "person.urgent_closed") in shown
    assert "called back: not before Wednesday 2027-01-13 09:00" in shown


def test_preview_of_an_open_moment_and_of_the_break(hotline: Hotline, tmp_path: Path) -> None:
    _load(hotline, tmp_path, BAVARIAN)
    shown = _preview(hotline, "2027-01-13 18:00", "--land", "DE-BY")
    assert "open: open" in shown
    assert hotline.services.texts.get("ar", "person.noted.text") in shown
    assert "opens again: Wednesday 2027-01-13 13:30" in _preview(hotline, "2027-01-13 13:00")
    assert "queue general" in _preview(hotline, "2027-01-13 18:00", language="de")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--language", "ar", "--at", "tomorrow"), "2027-01-06 18:00"),
        (("--language", "xx", "--at", "2027-01-06 18:00"), "no live language"),
        (("--language", "ar", "--land", "XY", "--at", "2027-01-06 18:00"), "BY or DE-BY"),
    ],
)
def test_preview_of_something_unreadable_says_how_to_write_it(hotline: Hotline, words: tuple[str, ...], remedy: str) -> None:
    result = _run(hotline, "hours", "preview", *words)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert remedy in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("09:00-12:30", "09:00-14:00", "begins within the one before"),
        ("09:00-12:30", "12:30-09:00", "ends before it begins"),
        ("wednesday", "mittwoch", "arabic: needs `hours`"),
        ("DE-BY", "BAVARIA", "a Land is written such as DE-BY"),
        ("2026-12-24", "christmas", "no day such as 2026-12-24"),
        ("  general:\n", "  general:\n    languages: [de]\n", "one queue must be for everybody"),
        ("queues:", "hours:", "must hold `queues`"),
    ],
)
def test_broken_hours_are_refused_and_the_old_ones_stay(
    hotline: Hotline, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    before = _run(hotline, "hours", "list").output
    result = _load(hotline, tmp_path, BAVARIAN.replace(old, new, 1))
    assert result.exit_code == 1
    assert problem in result.stderr
    assert _run(hotline, "hours", "list").output == before


def test_hours_are_listed_as_they_were_loaded(hotline: Hotline, tmp_path: Path) -> None:
    _load(hotline, tmp_path, BAVARIAN)
    shown = _run(hotline, "hours", "list").output
    assert "arabic: ar; holidays: DE-BY\n  wednesday: 09:00-12:30, 13:30-19:00\n" in shown
    assert "general: everybody; holidays: caller\n  monday: 09:00-15:00\n  2026-12-24: closed\n" in shown
    assert shown.endswith("2 queue(s).\n")


def test_starter_hours_are_loaded_once_and_an_operators_own_stay(hotline: Hotline, tmp_path: Path) -> None:
    _load(hotline, tmp_path, BAVARIAN)
    before = _run(hotline, "hours", "list").output
    assert "Opening hours" not in _run(hotline, "content", "load").output
    assert _run(hotline, "hours", "list").output == before


# -- counsellors and callbacks -----------------------------------------------------------------------------------------------


def test_counsellor_is_set_up_comes_and_is_listed(hotline: Hotline) -> None:
    _run(hotline, "staff", "add", "anna.keller", "--role", "counsellor")
    done = _run(hotline, "counsellors", "set", "anna.keller", "--language", "ar", "--language", "de", "--land", "DE-BY")
    assert done.output == "anna.keller takes 3 at once in ar, de.\n"
    assert _run(hotline, "counsellors", "presence", "anna.keller", "available").output == "anna.keller is available.\n"
    assert _run(hotline, "counsellors", "list").output.splitlines() == [
        "anna.keller: available, 0 of 3; ar, de; DE-BY; no telephone",
        "1 counsellor(s).",
    ]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("set", "nobody", "--language", "de"), "flask staff list"),
        (("set", "anna.keller", "--language", "xx"), "by its code"),
        (("set", "anna.keller", "--language", "de", "--land", "Bayern"), "DE-BY"),
        (("set", "anna.keller", "--language", "de", "--capacity", "0"), "from 1 to"),
        (("presence", "anna.keller", "away"), "flask counsellors set"),
    ],
)
def test_what_cannot_be_set_is_one_sentence_with_its_remedy(hotline: Hotline, words: tuple[str, ...], remedy: str) -> None:
    _run(hotline, "staff", "add", "anna.keller", "--role", "counsellor")
    result = _run(hotline, "counsellors", *words)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert remedy in result.stderr


def test_callback_is_listed_without_number_taken_with_it_and_closed(hotline: Hotline) -> None:
    for number, body in enumerate(("Guten Tag", "0", "4", "4")):
        twilio.text(hotline, f"SM{number}", body)
    assert _run(hotline, "callbacks", "list").output == "0 due.\n"
    hotline.clock.move(minutes=1)
    hotline.services.timers.run()
    shown = _run(hotline, "callbacks", "list").output
    assert "handoff 1 since" in shown
    assert shown.endswith("1 due.\n")
    assert twilio.PERSON not in shown
    assert _run(hotline, "callbacks", "take", "1").output == f"Number: {twilio.PERSON}\n"
    assert "Somebody else is calling" in _run(hotline, "callbacks", "take", "1").stderr
    assert _run(hotline, "callbacks", "missed", "1").output.startswith("Due again")
    assert "nobody is calling" in _run(hotline, "callbacks", "reached", "1").stderr
    assert "flask callbacks list" in _run(hotline, "callbacks", "take", "404").stderr


@pytest.mark.parametrize("window", ["20:00-08:00", "8-20", "08:00", "08:00-24:00"])
def test_calling_window_that_is_none_stops_the_start(tmp_path: Path, window: str) -> None:
    with pytest.raises(WrongSetting, match="CALL_WINDOW must be two times of one day"):
        make_settings(tmp_path, CALL_WINDOW=window)


def test_newcomers_machine_is_open_at_night_and_own_hours_stay(tmp_path: Path) -> None:
    made = make_hotline(make_settings(tmp_path, HOTLINE_ENV="local"))
    register_commands(made.app, made.services)
    runner = made.app.test_cli_runner()
    assert "Open round the clock" in runner.invoke(args=["hours", "demo"]).output
    shown = runner.invoke(args=["hours", "preview", "--language", "ar", "--at", "2026-11-25 03:00"]).output
    assert "open: open" in shown
    assert "Your own hours stay" in runner.invoke(args=["hours", "demo"]).output
    made.services.database.close()


def test_production_is_never_opened_for_trying_out(quick_hotline: Hotline) -> None:
    register_commands(quick_hotline.app, quick_hotline.services)
    refused = quick_hotline.app.test_cli_runner().invoke(args=["hours", "demo"])
    assert refused.exit_code == 1
    assert "flask hours load" in refused.output
