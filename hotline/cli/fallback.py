"""``flask fallback build``: the file the fallback program answers from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from hotline.fallback.settings import FOLDER
from hotline.services import Services

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def fallback_group(services: Services, sentence: Wrapper) -> AppGroup:
    """The commands.

    Args:
        services: of the application.
        sentence: wraps a command so that it stops with one sentence.
    """
    group = AppGroup("fallback", help="The program that answers while the hotline cannot.")

    @group.command("build")
    @sentence
    def build() -> None:
        """Make its signed file from what is approved today, with the sounds it needs beside it."""
        report = services.fallback_books.build()
        folder = services.settings.data_dir / FOLDER
        click.echo(f"{folder}: {report.pages} pages in {' '.join(report.spoken)}, {report.sounds} sounds.")
        if report.mute:
            click.echo(f"Not spoken: {' '.join(report.mute)}. Install espeak-ng or record their prompts.", err=True)

    return group
