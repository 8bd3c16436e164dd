"""Commands for spoken prompts: ``flask prompts build``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from hotline.services import Services

TOLD_EVERY_SECONDS = 2


def prompts_group(services: Services, sentence: Callable[[Any], Any]) -> AppGroup:
    """Make the commands.

    Args:
        services: of the application.
        sentence: turns what stops a command into one sentence.
    """
    group = AppGroup("prompts", help="Spoken prompts: recordings of people, and sounds of espeak-ng where Twilio has no voice.")

    @group.command("build")
    @sentence
    def build() -> None:
        """Make the missing sounds with espeak-ng. What a person has spoken, in the studio or recordings/, is never replaced."""
        for code, report in services.spoken_prompts.build(_progress):
            for path in report.unusable:
                click.echo(f"{code}: {path} is no usable recording.", err=True)
            if services.languages[code].say_voice:
                click.echo(f"{code}: {report.built + report.kept} spoken by people, all others by Twilio's voice.")
                continue
            click.echo(f"{code}: {report.built} built, {report.kept} kept, {len(report.missing)} missing.")
            if report.missing:
                click.echo(f"{code} is not offered by voice: install espeak-ng or record its prompts.", err=True)

    return group


def _progress(code: str) -> Callable[[int, int], None]:
    told_at = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            click.echo(f"  {code}: {done} of {total} prompts")

    return show
