"""``flask keys …``: makes keys, shows which are in use, and takes an old one out of use."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import click
from cryptography.fernet import Fernet
from flask.cli import AppGroup

from hotline.privacy.rotation import UNREADABLE, KeyRotation
from hotline.services import Services

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def keys_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands for keys.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("keys", help="Secrets of an installation.")

    def rotation() -> KeyRotation:
        return KeyRotation(services.database, services.cipher)

    @group.command("new")
    def new() -> None:
        """Print new keys for DATA_KEYS and PSEUDONYM_KEY; keep them, nothing stored can be read without them."""
        click.echo(f"DATA_KEYS={Fernet.generate_key().decode()}")
        click.echo(f"PSEUDONYM_KEY={secrets.token_urlsafe(48)}")

    @group.command("list")
    @sentence
    def list_() -> None:
        """Show the keys of DATA_KEYS by a short name, never themselves, and how much is stored under each."""
        found = rotation().count()
        for place, name in enumerate(services.cipher.key_names):
            click.echo(f"{name} {'encrypts' if place == 0 else 'only reads'}: {found.get(place, 0)} values")
        if found.get(UNREADABLE):
            click.echo(f"no key: {found[UNREADABLE]} values cannot be read; a key is missing in DATA_KEYS.", err=True)
        rotation().check_pseudonyms()

    @group.command("rotate")
    @sentence
    def rotate() -> None:
        """Encrypt everything stored anew under the first key; may be stopped and started again at any time.

        Before: put a new key in front of the others in DATA_KEYS and restart web and worker. PSEUDONYM_KEY stays as it is.
        """
        total = rotation().rotate(lambda name, done: click.echo(f"  {name}: {done}") if done else None)
        click.echo(f"{total} values encrypted anew under {services.cipher.key_names[0]}. Next: `flask keys finish`.")

    @group.command("finish")
    @sentence
    def finish() -> None:
        """Say whether the older keys can be taken out of DATA_KEYS."""
        rotation().finish()
        older = ", ".join(services.cipher.key_names[1:])
        click.echo(f"Everything is under {services.cipher.key_names[0]}.")
        click.echo(f"Take {older} out of DATA_KEYS and restart." if older else "There is no older key.")

    return group
