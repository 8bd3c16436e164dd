"""The commands around running the hotline: ``flask backup``, ``flask restore``, ``flask check-deploy``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask

from hotline.services import Services
from hotline.upkeep.deploy_check import find_deploy_problems

Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def add_upkeep_commands(app: Flask, services: Services, sentence: Wrapper) -> None:
    """Add the commands.

    Args:
        app: the application.
        services: of it.
        sentence: wraps a command so that it stops with one sentence.
    """
    for make in (_backup, _restore, _check_deploy):
        app.cli.add_command(make(services, sentence))


def _backup(services: Services, sentence: Wrapper) -> click.Command:
    @click.command("backup")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
    @sentence
    def backup(path: Path) -> None:
        """Write the database and the recordings to FILE, encrypted with BACKUP_KEY, else with the first of DATA_KEYS."""
        kept = services.backups.make(path, services.clock())
        size = path.stat().st_size / 1_000_000
        click.echo(f"{path} holds the database (version {kept.revision}) and {kept.files} recording(s), {size:.1f} MB.")
        click.echo("It cannot be opened without the key: keep the keys elsewhere.")

    return backup


def _restore(services: Services, sentence: Wrapper) -> click.Command:
    @click.command("restore")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
    @click.option("--replace", is_flag=True, help="What is in the database now may be lost.")
    @sentence
    def restore(path: Path, replace: bool) -> None:
        """Put FILE in place of the database. Stop the web server and the worker first, and start them again after it."""
        services.settings.data_dir.mkdir(parents=True, exist_ok=True)
        kept = services.backups.restore(path, services.clock(), is_replacing=replace)
        click.echo(f"Restored as of {kept.made_at} (version {kept.revision}), with {kept.files} recording(s).")
        if kept.in_doubt:
            click.echo(f"{kept.in_doubt} message(s) were not sent yet then; the worker looks for them at the provider first.")

    return restore


def _check_deploy(services: Services, sentence: Wrapper) -> click.Command:
    @click.command("check-deploy")
    @sentence
    def check_deploy() -> None:
        """Refuse a set-up that is not safe for the public, each reason with its remedy."""
        problems = find_deploy_problems(services.look_at_deploy())
        for problem in problems:
            click.echo(problem, err=True)
        if problems:
            raise click.ClickException(f"{len(problems)} problem(s): do not open the line yet.")
        click.echo("Nothing unsafe was found.")

    return check_deploy
