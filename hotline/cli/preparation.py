"""``flask prepare``: all a newcomer's machine needs before it starts, for ``make run``."""

from __future__ import annotations

import click
from flask import Flask

LOAD = ("Loading the starter content", "content", "load")
# Each is a command of its own, too; one program for all of them reads texts, flows and settings once.
STEPS = (
    ("Compiling the catalogues", "texts", "compile"),
    ("Checking flows and texts", "flows", "check"),
    LOAD,
    ("Opening for trying out", "hours", "demo"),
    ("Making accounts to try the staff pages with", "staff", "demo"),
    ("Building spoken prompts", "prompts", "build"),
)


def prepare_command(app: Flask) -> click.Command:
    """Make the command, once the others are there.

    Args:
        app: holds them.
    """

    @click.command("prepare")
    @click.option("--keep-content", is_flag=True, help="The files of content/ have not changed; do not load them again.")
    @click.pass_context
    def prepare(context: click.Context, keep_content: bool) -> None:
        """Take every step of a first start for trying out, and stop at the first that fails."""
        for step in STEPS:
            title, group, name = step
            if step == LOAD and keep_content:
                continue
            click.echo(f"{title} ...")
            commands = app.cli.commands[group]
            context.invoke(commands.commands[name])  # type: ignore[attr-defined]

    return prepare
