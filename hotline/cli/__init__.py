"""The commands of an operator: ``flask flows check``, ``flask db upgrade``, ``flask handoffs list`` and others."""

from __future__ import annotations

import getpass
import json
import sys
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from hotline.cli.centres import centre_commands
from hotline.cli.counselling import callbacks_group, counsellors_group, hours_group
from hotline.cli.exchange import add_exchange_commands
from hotline.cli.fallback import fallback_group
from hotline.cli.forms import forms_group
from hotline.cli.health import health_command
from hotline.cli.hints import hints_group
from hotline.cli.keys import keys_group
from hotline.cli.model import model_commands
from hotline.cli.preparation import prepare_command
from hotline.cli.prompts import prompts_group
from hotline.cli.retention import retention_group
from hotline.cli.staff import audit_group, staff_group
from hotline.cli.upkeep import add_upkeep_commands
from hotline.counselling.callbacks import CannotCall
from hotline.counselling.canned import load_replies, read_reply_files
from hotline.counselling.counsellors import CannotChangeCounsellor
from hotline.counselling.desk import CannotReply, CounsellorDesk, Reply
from hotline.counselling.handoff import UnknownHandoff, list_open
from hotline.counselling.queues import load_queue_file, read_queues, store_queues
from hotline.counselling.talks import CannotRing
from hotline.counselling.writing import load_templates
from hotline.delivery.jobs import register_minutely, run_worker
from hotline.delivery.outbox import UnknownOutboxRow
from hotline.dialogue.flow_files import find_problems, find_topic_problems, load_flows, text_keys
from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.person import PERSON_TEXT_KEYS
from hotline.dialogue.rendering import CODE_TEXT_KEYS
from hotline.dialogue.texts import SCREENS, compile_texts, find_text_problems, screen_keys
from hotline.errors import CannotStart
from hotline.fallback.pages import FALLBACK_TEXT_KEYS
from hotline.knowledge.centre_store import has_own_directory
from hotline.knowledge.loading import load_content
from hotline.knowledge.problems import SENTENCES
from hotline.knowledge.starter import Content, read_content, read_policies
from hotline.services import Services
from hotline.staff.accounts import CannotChangeAccount
from hotline.store import migrate
from hotline.store.revision import check_revision
from hotline.store.trouble import explain
from hotline.translation.desk import TRANSLATION_TEXT_KEYS
from hotline.understanding.local_server import running_server, serving_model


class UnusableLine(CannotStart):
    """A line of standard input is not what the command reads. The message names the line."""


P = ParamSpec("P")
R = TypeVar("R")


def register_commands(app: Flask, services: Services) -> None:
    """Add all commands to an application."""
    for group in (_flows(services), _texts(services), _content(services), prompts_group(services, _sentence)):
        app.cli.add_command(group)
    for group in (_db(services), _handoffs(services), _outbox(services)):
        app.cli.add_command(group)
    app.cli.add_command(centre_commands(services, _sentence))
    groups = (staff_group, audit_group, hours_group, counsellors_group, callbacks_group, keys_group, retention_group, forms_group)
    app.cli.add_command(fallback_group(services, _sentence))
    for make in groups:
        app.cli.add_command(make(services, _sentence))
    app.cli.add_command(hints_group(services))
    app.cli.add_command(model_commands(services))
    add_upkeep_commands(app, services, _sentence)
    app.cli.add_command(_worker(services))
    app.cli.add_command(_understand(services))
    app.cli.add_command(prepare_command(app))


def _sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what stops a command into one sentence instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (
            CannotStart,
            UnknownHandoff,
            UnknownOutboxRow,
            CannotReply,
            CannotChangeAccount,
            CannotCall,
            CannotRing,
            CannotChangeCounsellor,
        ) as error:
            raise click.ClickException(str(error)) from None
        except SQLAlchemyError as error:
            sentence = explain(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from None

    return run


def _report(problems: Sequence[str], all_is_well: str) -> None:
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} problem(s).")
    click.echo(all_is_well)


def _text_problems(services: Services) -> list[str]:
    used = text_keys(load_flows(services.flows_folder)) | CODE_TEXT_KEYS | PERSON_TEXT_KEYS | TRANSLATION_TEXT_KEYS
    used |= FALLBACK_TEXT_KEYS
    shown = screen_keys(services.settings.root / "hotline" / "web") | {f"studio.problem_{code}" for code in SENTENCES}
    folder, languages = services.translations_folder, services.live_languages
    return find_text_problems(folder, languages, used) + find_text_problems(folder, languages, shown, SCREENS)


def _flows(services: Services) -> AppGroup:
    group = AppGroup("flows", help="The flows of ivr_flows/.")

    @group.command("check")
    @_sentence
    def check() -> None:
        """Find dead ends, unknown and unreachable steps, circles and texts missing in a live language."""
        definition = load_flows(services.flows_folder)
        problems = find_problems(definition) + _text_problems(services)
        problems += find_topic_problems(definition, read_policies(services.content_folder))
        _report(problems, f"{len(definition.steps)} steps in {len(services.live_languages)} languages: all is well.")

    @group.command("diagram")
    @_sentence
    def diagram() -> None:
        """Print the generated part of docs/voice.md: the call as diagrams (Mermaid), and what each language has."""
        click.echo(services.voice_picture())

    return group


def _texts(services: Services) -> AppGroup:
    group = AppGroup("texts", help="The catalogues of translations/.")

    @group.command("compile")
    @_sentence
    def compile_() -> None:
        """Compile all catalogues."""
        click.echo(f"Compiled: {' '.join(compile_texts(services.translations_folder))}.")

    @group.command("check")
    @_sentence
    def check() -> None:
        """Find missing, empty, fuzzy and unused texts, wrong placeholders and missing plural forms."""
        _report(_text_problems(services), "Every text is there in every live language.")

    return group


def _content(services: Services) -> AppGroup:
    group = AppGroup("content", help="The answers of content/.")

    @group.command("check")
    @_sentence
    def check() -> None:
        """Read all answers and find what is wrong."""
        found = read_content(services.content_folder, services.languages, services.neutrality)
        read_reply_files(services.content_folder / "canned_replies")
        load_templates(services.content_folder / "whatsapp_templates.yml")
        click.echo(f"{_number_of(found)}: all is well.")

    @group.command("load")
    @_sentence
    def load() -> None:
        """Bring these answers into the database; what was changed in the studio stays."""
        found = read_content(services.content_folder, services.languages)
        report = load_content(services.database, found)
        kept = f"; {report.kept} changed in the studio stay as they are" if report.kept else ""
        click.echo(f"Loaded {_number_of(found)}{kept}.")
        with services.database.begin() as connection:
            if not read_queues(connection):
                store_queues(connection, load_queue_file(services.content_folder / "queues.yml"))
                click.echo("Opening hours are those of content/queues.yml; `flask hours load FILE` sets yours.")
            load_replies(connection, read_reply_files(services.content_folder / "canned_replies"))
            if has_own_directory(connection):
                click.echo("The directory of centres stays as it was imported.")

    group.add_command(health_command(services, _sentence))
    add_exchange_commands(group, services, _sentence)
    return group


def _number_of(found: Content) -> str:
    parts = (("facts", found.facts), ("articles", found.articles), ("texts", found.translations), ("centres", found.centres))
    return ", ".join(f"{len(part)} {name}" for name, part in parts) + f", {len(found.countries.facts)} facts on countries"


def _db(services: Services) -> AppGroup:
    group = AppGroup("db", help="The database.")

    @group.command("upgrade")
    @_sentence
    def upgrade() -> None:
        """Bring the database to this version."""
        services.settings.data_dir.mkdir(parents=True, exist_ok=True)
        migrate.upgrade(services.database)
        click.echo("The database is up to date.")

    return group


def _handoffs(services: Services) -> AppGroup:
    group = AppGroup("handoffs", help="People who wait for a counsellor.")
    actor = getpass.getuser

    def desk() -> CounsellorDesk:
        return CounsellorDesk(services.outbox, services.cipher)

    @group.command("list")
    @_sentence
    def list_() -> None:
        """Show who waits, urgent first."""
        with services.database.read() as connection:
            rows = list_open(connection)
        for row in rows:
            mark = "URGENT" if row["is_urgent"] else "      "
            about = " ".join(str(row[name] or "-") for name in ("language", "channel", "reason", "danger", "topic"))
            click.echo(f"{row['id']:>6} {mark} {row['requested_at']:%Y-%m-%d %H:%M} UTC {about} {row['state']}")
        click.echo(f"{len(rows)} open.")

    @group.command("show")
    @click.argument("handoff_id", type=int)
    @click.option("--number", is_flag=True, help="Show the phone number too; leaves an audit row.")
    @_sentence
    def show(handoff_id: int, number: bool) -> None:
        """Show the conversation of a handoff."""
        now = datetime.now(UTC)
        with services.database.begin() as connection:
            lines = desk().read(connection, handoff_id, actor(), now)
            named = desk().named(connection, handoff_id)
            revealed = desk().reveal_number(connection, handoff_id, actor(), now) if number else None
        for line in lines:
            click.echo(f"{line.said_at:%Y-%m-%d %H:%M} {line.author}: {_harmless(line.text)}")
        if named:
            click.echo("Named: " + ", ".join(f"{kind} {value}" for kind, value in sorted(named.items())))
        if number:
            click.echo(f"Number: {revealed or 'withheld'}")

    @group.command("reply")
    @click.argument("handoff_id", type=int)
    @click.argument("text")
    @_sentence
    def reply(handoff_id: int, text: str) -> None:
        """Answer a person in writing."""
        _reply(services, handoff_id, text)
        click.echo("The reply is on its way.")

    @group.command("close")
    @click.argument("handoff_id", type=int)
    @_sentence
    def close(handoff_id: int) -> None:
        """Close a handoff."""
        with services.database.begin() as connection:
            desk().close(connection, handoff_id, actor(), datetime.now(UTC))
        click.echo("Closed.")

    return group


def _reply(services: Services, handoff_id: int, text: str) -> None:
    with services.database.begin() as connection:
        outbox_id = services.counsellor_desk.reply(connection, handoff_id, Reply(text), getpass.getuser(), services.clock())
    if outbox_id is not None:
        services.doorbell.ring(outbox_id)


def _harmless(text: str) -> str:
    """A text of a stranger for a terminal: no control sequences, no turned reading direction, further lines set in."""
    lines = ("".join(c for c in line if unicodedata.category(c)[0] != "C") for line in text.splitlines())
    return "\n    ".join(lines)


def _outbox(services: Services) -> AppGroup:
    group = AppGroup("outbox", help="Messages that could not be sent.")

    @group.command("list")
    @_sentence
    def list_() -> None:
        """Show messages that failed, or may or may not have been sent."""
        with services.database.read() as connection:
            rows = services.outbox.find_problems(connection)
        for row in rows:
            click.echo(json.dumps({name: str(value) for name, value in row.items()}))
        click.echo(f"{len(rows)} to look at.")

    @group.command("resend")
    @click.argument("outbox_id", type=int)
    @_sentence
    def resend(outbox_id: int) -> None:
        """Send one of them again."""
        with services.database.begin() as connection:
            services.outbox.queue_again(connection, outbox_id, datetime.now(UTC))
        services.doorbell.ring(outbox_id)
        click.echo("It is on its way.")

    return group


def _understand(services: Services) -> click.Command:
    @click.command("understand")
    @click.option("--model", help="Name of another model than the live one.")
    @_sentence
    def understand(model: str | None) -> None:
        """Understand JSON lines ({"text": …, "channel": …, "language": …}) from standard input, as a live turn would."""
        settings = services.settings
        if model is not None:
            with serving_model(settings.rasa_token, services.rasa_project, model) as url:
                _understand_lines(services.interpreter_of(url))
            return
        with running_server(settings.rasa_url, settings.rasa_token, services.rasa_project) as is_there:
            if not is_there:
                click.echo("No understanding process answers: the fallback understands.", err=True)
            _understand_lines(services.interpreter)

    return understand


def _understand_lines(interpreter: Interpreter) -> None:
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            click.echo(json.dumps(_understand_line(interpreter, line, number), ensure_ascii=False))


def _understand_line(interpreter: Interpreter, line: str, number: int) -> dict[str, Any]:
    try:
        wanted = json.loads(line)
        text, language = str(wanted["text"]), wanted.get("language")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnusableLine(f'Line {number} must be a JSON object with a text, such as {{"text": "hallo"}}.') from None
    return interpreter.interpret(text, language, may_switch=wanted.get("channel") != "voice").to_dict()


def _worker(services: Services) -> click.Command:
    @click.command("worker")
    @_sentence
    def worker() -> None:
        """Send what is in the outbox, tend handoffs and callbacks, and check links, until told to stop."""
        check_revision(services.database)
        services.check_ground()
        services.link_bell  # noqa: B018 - registers its job on the queue
        services.training_bell  # noqa: B018 - made now, so that the queue knows its jobs
        register_minutely(services.queue, "voicemails", lambda: services.message_fetcher.run())
        services.timer_bell  # noqa: B018 - registers its jobs on the queue
        register_minutely(services.queue, "spoken_prompts", services.spoken_prompts.build_if_changed)
        register_minutely(services.queue, "fallback_book", services.fallback_books.build_if_changed)
        register_minutely(services.queue, "strip_questions", services.strip_questions)
        services.heartbeat.start()
        run_worker(services.queue, services.doorbell)
        services.heartbeat.stop()

    return worker
