"""The commands around counsellors: ``flask hours …``, ``flask counsellors …`` and ``flask callbacks …``."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, get_args

import click
from flask.cli import AppGroup

from hotline.counselling.counsellors import Skills, read_counsellors, set_phone, set_presence, set_skills
from hotline.counselling.hours import ANY_TIME, BERLIN, NATIONWIDE_ONLY, Hours, Slot, next_call
from hotline.counselling.queues import describe, find_queue, load_queue_file, read_queues, read_slot, store_queues
from hotline.counselling.routing import Presence
from hotline.counselling.standing import Standing, read_opening
from hotline.counselling.talk_rows import find_unsure
from hotline.dialogue.person import what_is_told
from hotline.errors import CannotStart
from hotline.knowledge.places import LANDS
from hotline.services import Services

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]
SHOWN = "%A %Y-%m-%d %H:%M"


class UnusableMoment(CannotStart):
    """A moment, language or Land cannot be read. The message says how to write it."""


def hours_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for opening hours.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("hours", help="When somebody is there.")

    @group.command("load")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @sentence
    def load(path: Path) -> None:
        """Put the queues and hours of a file (such as content/queues.yml) in place of all others."""
        wanted = load_queue_file(path)
        with services.database.begin() as connection:
            store_queues(connection, wanted)
        click.echo(f"Loaded {len(wanted)} queue(s).")

    @group.command("demo")
    @sentence
    def demo() -> None:
        """Open round the clock, for trying out; only where the hours are still those of content/queues.yml. Not in production."""
        if services.settings.is_production:
            raise click.ClickException("Round the clock is for trying out; load your own hours with `flask hours load FILE`.")
        example = load_queue_file(services.content_folder / "queues.yml")
        with services.database.begin() as connection:
            is_example = read_queues(connection) in ([], example)
            if is_example:
                # Nationwide holidays stay: whoever tries it out then is told the truth about them.
                always = Hours(dict.fromkeys(range(7), (Slot(time(0), time(0)),)), holidays_of=NATIONWIDE_ONLY)
                store_queues(connection, [replace(queue, hours=always) for queue in example])
        click.echo("Open round the clock, for trying out." if is_example else "Your own hours stay as they are.")

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show queues and their hours."""
        with services.database.read() as connection:
            found = read_queues(connection)
        for queue in found:
            who = [*sorted(queue.languages), *sorted(queue.lands)] or ["everybody"]
            click.echo(f"{queue.name}: {', '.join(who)}; holidays: {queue.hours.holidays_of}")
            for day, slots in describe(queue).items():
                click.echo(f"  {day}: {slots or 'closed'}")
            for special, open_then in sorted(queue.hours.special.items()):
                times = ", ".join(f"{slot.opens:%H:%M}-{slot.closes:%H:%M}" for slot in open_then)
                click.echo(f"  {special}: {times or 'closed'}")
        click.echo(f"{len(found)} queue(s).")

    @group.command("preview")
    @click.option("--language", required=True, help="Of the person (its code).")
    @click.option("--land", help="Of the person: BY or DE-BY.")
    @click.option("--at", required=True, help='In Germany: "2027-01-06 18:00".')
    @sentence
    def preview(language: str, land: str | None, at: str) -> None:
        """Show what somebody who asks for a person at a moment gets."""
        _preview(services, _live(services, language), _land(land), _moment(at))

    return group


def _preview(services: Services, language: str, land: str | None, at: datetime) -> None:
    with services.database.read() as connection:
        opening = read_opening(connection, language, land, at)
        queue = find_queue(read_queues(connection), language, land)
    click.echo(f"{at.astimezone(BERLIN):{SHOWN}}, {language}, {land or 'no Land named'}, queue {queue.name if queue else 'none'}")
    holiday = f" ({opening.holiday})" if opening.holiday else ""
    click.echo(f"  {'open' if opening.is_open else 'closed'}: {opening.reason}{holiday}")
    if opening.next_at is not None:
        click.echo(f"  opens again: {opening.next_at.astimezone(BERLIN):{SHOWN}}")
    for name, is_call in (("reads", False), ("hears", True)):
        said = [
            _words(services, told.text_key, told.values, language, is_call) for told in what_is_told(Standing(opening), is_call)
        ]
        click.echo(f"  {name}: {' '.join(said)}")
    danger = "person.urgent" if opening.is_open else "person.urgent_closed"
    click.echo(f"  in danger: the emergency numbers, then: {_words(services, danger, {}, language, False)}")
    window = read_slot(services.settings.call_window)
    called = next_call(at, window, ANY_TIME, queue.hours if queue else Hours({}), land)
    click.echo(f"  called back: not before {called.astimezone(BERLIN):{SHOWN}}" if called else "  called back: never")


def _words(services: Services, key: str, values: Any, language: str, is_call: bool) -> str:
    return services.texts.get(language, key, (".voice",) if is_call else (".text",), **values)


def _live(services: Services, language: str) -> str:
    if language not in services.live_languages:
        raise UnusableMoment(f"{language!r} is no live language; use one of {', '.join(services.live_languages)}.")
    return language


def _land(land: str | None) -> str | None:
    code = land if land is None or land.startswith("DE-") else f"DE-{land}"
    if code is not None and code not in LANDS:
        raise UnusableMoment(f"{land!r} is no Land; write BY or DE-BY.")
    return code


def _moment(at: str) -> datetime:
    try:
        # Where the clock shows an hour twice, the first one is meant.
        return datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
    except ValueError:
        raise UnusableMoment(f'{at!r} is no moment; write it such as "2027-01-06 18:00".') from None


def counsellors_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for what counsellors can take.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("counsellors", help="Who can take which conversations.")

    @group.command("set")
    @click.argument("name")
    @click.option("--language", "languages", multiple=True, required=True, help="Spoken (its code); once or more.")
    @click.option("--topic", "topics", multiple=True, help="Only these topics; else all.")
    @click.option("--land", "lands", multiple=True, help="Only people of these Laender, such as DE-BY; else all.")
    @click.option("--capacity", type=int, default=3, show_default=True, help="Conversations at once.")
    @sentence
    def set_(name: str, languages: tuple[str, ...], topics: tuple[str, ...], lands: tuple[str, ...], capacity: int) -> None:
        """Say what an account can take."""
        skills = Skills(languages, topics, lands, capacity)
        with services.database.begin() as connection:
            set_skills(connection, name, skills, services.languages, getpass.getuser(), services.clock())
        click.echo(f"{name} takes {capacity} at once in {', '.join(languages)}.")

    @group.command("phone")
    @click.argument("name")
    @click.option("--number", prompt=True, prompt_required=True, help="Asked for when left out; empty takes it away.", default="")
    @sentence
    def phone(name: str, number: str) -> None:
        """Set the telephone somebody is rung at for callers."""
        with services.database.begin() as connection:
            known = {one.name: one.counsellor.id for one in read_counsellors(connection)}
            set_phone(connection, known.get(name, 0), number, services.cipher, getpass.getuser(), services.clock())
        click.echo(f"{name} is rung for callers." if number.strip() else f"{name} is not rung.")

    @group.command("presence")
    @click.argument("name")
    @click.argument("presence", type=click.Choice(get_args(Presence)))
    @sentence
    def presence(name: str, presence: Presence) -> None:
        """Say whether somebody is there; without a screen that is seen, five minutes at most."""
        with services.database.begin() as connection:
            known = {one.name: one.counsellor.id for one in read_counsellors(connection)}
            set_presence(connection, known.get(name, 0), presence, services.clock())
        services.timer_bell.ring()
        click.echo(f"{name} is {presence}.")

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show who is there, with how much."""
        with services.database.read() as connection:
            found = read_counsellors(connection)
        for known in found:
            one = known.counsellor
            phone = "telephone" if one.has_phone else "no telephone"
            limits = ", ".join([*sorted(one.topics), *sorted(one.lands)]) or "all topics, all Laender"
            languages = ", ".join(sorted(one.languages))
            click.echo(f"{known.name}: {one.presence}, {one.load} of {one.capacity}; {languages}; {limits}; {phone}")
        click.echo(f"{len(found)} counsellor(s).")

    return group


def callbacks_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for callbacks.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("callbacks", help="People to be called back.")
    actor = getpass.getuser

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show the callbacks that are due, danger first, then who asked first."""
        with services.database.read() as connection:
            due = services.callbacks.list_due(connection)
        for row in due:
            mark = "URGENT" if row["is_urgent"] else "      "
            about = " ".join(str(row[name] or "-") for name in ("language", "safe_times", "topic"))
            click.echo(f"{row['id']:>6} {mark} handoff {row['handoff_id']} since {row['place_at']:%Y-%m-%d %H:%M} UTC {about}")
        click.echo(f"{len(due)} due.")

    @group.command("take")
    @click.argument("callback_id", type=int)
    @sentence
    def take(callback_id: int) -> None:
        """Take a callback: shows the number, and leaves an audit row."""
        with services.database.begin() as connection:
            number = services.callbacks.take(connection, callback_id, None, actor(), services.clock())
        click.echo(f"Number: {number}")

    @group.command("ring")
    @click.argument("callback_id", type=int)
    @click.argument("name")
    @sentence
    def ring(callback_id: int, name: str) -> None:
        """Ring a counsellor's telephone, who then calls the person with the key 1."""
        with services.database.begin() as connection:
            known = {one.name: one.counsellor.id for one in read_counsellors(connection)}
            now = services.clock()
            follow = services.talks.ring_for_callback(connection, callback_id, known.get(name, 0), now, is_asked=True)
        services.follow(follow)
        click.echo(f"{name}'s telephone rings.")

    @group.command("unsure")
    @sentence
    def unsure() -> None:
        """Show calls of which nobody knows whether a telephone rang: look, then note the callback reached or missed."""
        with services.database.read() as connection:
            found = find_unsure(connection)
        for row in found:
            click.echo(
                f"callback {row['callback_id'] or '-'} handoff {row['handoff_id']} at {row['created_at']:%Y-%m-%d %H:%M} UTC"
            )
        click.echo(f"{len(found)} unsure.")

    @group.command("reached")
    @click.argument("callback_id", type=int)
    @sentence
    def reached(callback_id: int) -> None:
        """The person was reached; the handoff is closed."""
        with services.database.begin() as connection:
            services.callbacks.note_reached(connection, callback_id, actor(), services.clock())
        click.echo("Closed.")

    @group.command("missed")
    @click.argument("callback_id", type=int)
    @sentence
    def missed(callback_id: int) -> None:
        """Nobody answered."""
        with services.database.begin() as connection:
            due_at = services.callbacks.note_missed(connection, callback_id, actor(), services.clock())
        again = (
            f"Due again {due_at.astimezone(BERLIN):{SHOWN}}." if due_at else "That was the last try; it waits in the queue again."
        )
        click.echo(again)

    return group
