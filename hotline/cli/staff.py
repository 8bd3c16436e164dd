"""The commands around staff: ``flask staff …`` and ``flask audit list``."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import Connection

from hotline.counselling.counsellors import Skills, read_counsellors, set_skills
from hotline.dialogue.texts import STAFF_LANGUAGES
from hotline.errors import CannotStart
from hotline.privacy.audit import list_actions
from hotline.services import Services
from hotline.staff.accounts import DEMO_PREFIX, Account, list_accounts
from hotline.staff.demo import are_demo_accounts_there, current_code, make_demo_accounts, write_demo_accounts
from hotline.staff.roles import ROLES

SIGN_IN_PATH = "/staff/sign-in"
DEMO_FILE = "staff-demo.txt"
Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


class NotInProduction(CannotStart):
    """A convenience of a newcomer's machine; in production it would be a way around the second factor."""


_roles_option = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(list(ROLES)), help="Once or more."
)


def staff_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for accounts.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("staff", help="Accounts of the people who work with the hotline.")

    @group.command("add")
    @click.argument("name")
    @_roles_option
    @click.option("--language", type=click.Choice(STAFF_LANGUAGES), help="Of the screens; else the browser's.")
    @sentence
    def add(name: str, roles: tuple[str, ...], language: str | None) -> None:
        """Make an account; prints its one-time password."""
        with services.database.begin() as connection:
            password = services.staff_accounts.add(connection, name, roles, language, getpass.getuser(), services.clock())
        _tell_password(services, name, password)

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show all accounts."""
        with services.database.read() as connection:
            found = list_accounts(connection)
        for account in found:
            click.echo(_line(account, services.clock()))
        click.echo(f"{len(found)} account(s).")

    @group.command("reset")
    @click.argument("name")
    @sentence
    def reset(name: str) -> None:
        """Renew password and second factor; ends all sessions and prints a one-time password."""
        with services.database.begin() as connection:
            password = services.staff_accounts.reset(connection, name, getpass.getuser(), services.clock())
        _tell_password(services, name, password)

    @group.command("roles")
    @click.argument("name")
    @_roles_option
    @sentence
    def roles_(name: str, roles: tuple[str, ...]) -> None:
        """Give an account exactly these roles; ends its sessions."""
        with services.database.begin() as connection:
            services.staff_accounts.set_roles(connection, name, roles, getpass.getuser(), services.clock())
        click.echo(f"{name}: {' '.join(sorted(set(roles)))}")

    @group.command("disable")
    @click.argument("name")
    @sentence
    def disable(name: str) -> None:
        """Shut somebody out at once."""
        with services.database.begin() as connection:
            services.staff_accounts.disable(connection, name, getpass.getuser(), services.clock())
        click.echo(f"{name} cannot sign in any more; all sessions have ended.")

    @group.command("enable")
    @click.argument("name")
    @sentence
    def enable(name: str) -> None:
        """Let somebody in again."""
        with services.database.begin() as connection:
            services.staff_accounts.enable(connection, name, getpass.getuser(), services.clock())
        click.echo(f"{name} can sign in again.")

    _add_local_commands(group, services, sentence)
    return group


def _add_local_commands(group: AppGroup, services: Services, sentence: Wrapper) -> None:
    @group.command("demo")
    @sentence
    def demo() -> None:
        """Make one ready account for each role, counsellors among them; prints the file that tells what opens them.

        Not in production.
        """
        _refuse_production(services)
        path = services.settings.data_dir / DEMO_FILE
        with services.database.begin() as connection:
            if not (path.exists() and are_demo_accounts_there(connection)):
                arguments = (services.staff_accounts, services.cipher, getpass.getuser(), services.clock())
                made = make_demo_accounts(connection, *arguments)
                text = write_demo_accounts(made, services.settings.public_base_url + SIGN_IN_PATH)
                path.unlink(missing_ok=True)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                    file.write(text)
            _let_demo_counsel(services, connection)
        click.echo(str(path))

    @group.command("code")
    @click.argument("name")
    @sentence
    def code(name: str) -> None:
        """Print the code of the second step an account is asked for. Not in production."""
        _refuse_production(services)
        with services.database.read() as connection:
            found = current_code(connection, name, services.cipher.decrypt, services.clock())
        if found is None:
            raise click.ClickException("The codes of this minute have been used; ask again in half a minute.")
        click.echo(found)


def _let_demo_counsel(services: Services, connection: Connection) -> None:
    """Let those of the demo accounts that use the console take conversations in every language."""
    known = {found.name for found in read_counsellors(connection)}
    for role in ("counsellor", "supervisor"):
        if (name := DEMO_PREFIX + role) not in known:
            skills = Skills(services.live_languages)
            set_skills(connection, name, skills, services.live_languages, getpass.getuser(), services.clock())


def audit_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for the audit; arguments as for ``staff_group``."""
    group = AppGroup("audit", help="Who did what.")

    @group.command("list")
    @click.option("--actor", help="Of one account or operator only.")
    @click.option("--most", default=50, show_default=True, help="How many rows.")
    @sentence
    def list_(actor: str | None, most: int) -> None:
        """Show the newest rows, newest first."""
        with services.database.read() as connection:
            rows = list_actions(connection, most, actor)
        for row in rows:
            click.echo(f"{row['happened_at']:%Y-%m-%d %H:%M:%S} UTC {row['actor']} {row['action']} {row['object']}")
        click.echo(f"{len(rows)} shown.")

    return group


def _refuse_production(services: Services) -> None:
    if services.settings.is_production:
        raise NotInProduction("This is refused in production: it would be a way around the second factor.")


def _tell_password(services: Services, name: str, password: str) -> None:
    click.echo(f"{name} signs in at {services.settings.public_base_url}{SIGN_IN_PATH}")
    click.echo(f"One-time password, good for 72 hours: {password}")
    click.echo("A password of one's own and an authenticator app are asked for there. Hand it over in person or by telephone.")


def _line(account: Account, now: datetime) -> str:
    state = "disabled" if account.is_disabled else "active"
    if account.one_time_until is not None:
        state += ", one-time password" + (" expired" if account.one_time_until <= now else "")
    elif not account.has_second_factor:
        state += ", no device yet"
    seen = f"{account.last_sign_in_at:%Y-%m-%d %H:%M} UTC" if account.last_sign_in_at else "never"
    return f"{account.name:<24} {' '.join(account.roles):<24} {state}; last sign-in {seen}"
