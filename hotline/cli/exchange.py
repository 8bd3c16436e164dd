"""The commands that carry content out and in: ``flask content export`` and ``flask content import``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from hotline.dialogue.turn import today_in_germany
from hotline.errors import CannotStart
from hotline.knowledge.exchange import FORMATS, Upload, Wanted
from hotline.knowledge.exchange_files import BrokenImport
from hotline.knowledge.exchange_rows import SHEETS
from hotline.knowledge.import_plan import Importer, Plan
from hotline.services import Services
from hotline.staff.accounts import CannotChangeAccount, get_account
from hotline.staff.roles import permissions_of

_FORMAT_OF = {".xlsx": "xlsx", ".csv": "csv", ".zip": "csv", ".po": "po", ".xlf": "xliff", ".xliff": "xliff"}


class CannotExchange(CannotStart):
    """An export or import cannot be made so. The message says what to give instead."""


def add_exchange_commands(group: AppGroup, services: Services, sentence: Callable[..., Any]) -> None:
    """Add the commands to ``flask content``.

    Args:
        group: of ``flask content``.
        services: the hotline.
        sentence: turns what stops a command into one sentence.
    """

    @group.command("export")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @click.option("--language", default="", help="Only texts of this language (its code); PO and XLIFF need one.")
    @click.option("--sheet", default="", type=click.Choice(["", *SHEETS]), help="Only this sheet.")
    @click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Otherwise what the name of the file ends in.")
    @sentence
    def export(path: Path, language: str, sheet: str, form: str | None) -> None:
        """Write texts, articles, sources and facts to FILE; several sheets as CSV are packed in a ZIP."""
        wanted = Wanted(form or _FORMAT_OF.get(path.suffix.lower(), ""), language, sheet)
        data = _export(services, wanted, path)
        try:
            path.write_bytes(data)
        except OSError as error:
            raise CannotExchange(f"{path} cannot be written ({error.strerror}).") from None
        click.echo(f"Exported to {path}.")

    @group.command("import")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @click.option("--author", required=True, help="Account whose drafts and proposals these become.")
    @click.option("--language", default="", help="Refuse the file when it is for another language.")
    @click.option("--review", is_flag=True, help="Ask for the review of the drafts at once.")
    @sentence
    def import_(path: Path, author: str, language: str, review: bool) -> None:
        """Take a file back, all of it or nothing; texts become drafts, facts become proposals."""
        importer = _importer(services, author)
        try:
            plan = services.exchange.store(Upload(path.name, path.read_bytes(), language, review), importer)
        except OSError as error:
            raise CannotExchange(f"{path} cannot be read ({error.strerror}).") from None
        except BrokenImport as refused:
            for problem in refused.problems:
                click.echo(str(problem), err=True)
            raise CannotExchange(f"{len(refused.problems)} problem(s); nothing was stored.") from None
        _report(plan)


def _export(services: Services, wanted: Wanted, path: Path) -> bytes:
    if not wanted.is_usable or wanted.language not in ("", *services.live_languages):
        raise CannotExchange(
            f"Name a FILE in {', '.join(_FORMAT_OF)}; PO and XLIFF need a --language other than de, one of "
            f"{', '.join(services.live_languages)}."
        )
    name, data = services.exchange.export(wanted, today_in_germany())
    if name.endswith(".zip") and path.suffix.lower() == ".csv":
        raise CannotExchange("A CSV holds one sheet: choose it with --sheet, or name the FILE .zip.")
    return data


def _report(plan: Plan) -> None:
    done = f"{len(plan.texts)} drafts, {len(plan.facts)} proposed facts, {len(plan.articles)} changed articles"
    click.echo(f"{done}; {plan.unchanged} rows unchanged.")
    if plan.outdated:
        click.echo(f"Made from an older German text, so they show as outdated: {', '.join(plan.outdated)}.", err=True)
    if plan.unfinished:
        click.echo(f"Not fully translated and so left out: {', '.join(plan.unfinished)}.", err=True)


def _importer(services: Services, name: str) -> Importer:
    try:
        with services.database.read() as connection:
            account = get_account(connection, name)
    except CannotChangeAccount as error:
        raise CannotExchange(str(error)) from None
    if account.is_disabled:
        raise CannotExchange(f"The account {name} is disabled; name another one.")
    return Importer(account.name, permissions_of(account.roles))
