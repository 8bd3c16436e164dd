"""The commands around forms: ``flask forms list``, ``show``, ``check`` and ``load``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml
from flask.cli import AppGroup
from sqlalchemy import select

from hotline.counselling.forms import WRAP_UP, find_lost, read_form_file, to_dict
from hotline.services import Services
from hotline.store.tables import form_versions, staff_accounts

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def forms_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for forms.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("forms", help="What counsellors fill in after a conversation.")

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show every version of every form: when it was made and by whom."""
        query = (
            select(form_versions, staff_accounts.c.name)
            .outerjoin(staff_accounts, staff_accounts.c.id == form_versions.c.author_id)
            .order_by(form_versions.c.form, form_versions.c.version)
        )
        with services.database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            click.echo(f"{row.form} {row.version}: {row.created_at:%Y-%m-%d %H:%M} {row.name or 'from a file'}")
        click.echo(f"{len(rows)} version(s).")

    @group.command("show")
    @click.argument("name", metavar="FORM", default=WRAP_UP)
    @sentence
    def show(name: str) -> None:
        """Print the newest version of a form as a file that can be changed and loaded."""
        with services.database.read() as connection:
            form = services.forms.current(connection, name)
        click.echo(yaml.safe_dump(to_dict(form), allow_unicode=True, sort_keys=False), nl=False)

    @group.command("check")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @sentence
    def check(path: Path) -> None:
        """Say whether a file can be loaded, and what it would lose."""
        form = read_form_file(path)
        with services.database.read() as connection:
            problems = list(find_lost(services.forms.current(connection, form.name), form))
        for problem in problems:
            click.echo(problem, err=True)
        if problems:
            raise click.ClickException(f"{len(problems)} problem(s).")
        click.echo(f"{form.name}: {len(form.fields)} fields, all is well.")

    @group.command("load")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @sentence
    def load(path: Path) -> None:
        """Make a file (such as content/forms/wrap_up.yml) the newest version of its form."""
        form = read_form_file(path)
        with services.database.begin() as connection:
            loaded = services.forms.load(connection, form, datetime.now(UTC))
        click.echo(f"{form.name}: version {loaded.version} holds now." if loaded else f"{form.name}: nothing has changed.")

    return group
