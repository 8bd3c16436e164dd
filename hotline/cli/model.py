"""``flask model``: the models of understanding from the command line, for those who have no browser at hand."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from hotline.errors import CannotStart
from hotline.knowledge.problems import Refused
from hotline.services import Services
from hotline.training.trainings import READY, Training
from hotline.understanding.port import STARTER_MODEL

NICE = 10


def model_commands(services: Services) -> AppGroup:
    """The group of commands."""
    group = AppGroup("model", help="Models of understanding: train, publish, go back.")

    @group.command("list")
    def list_() -> None:
        """Show the models, the newest first, and which one is live."""
        live = services.models.live()
        with services.database.read() as connection:
            found = services.trainings.all(connection)
        for training in found:
            is_there = training.is_open or services.models.has(training.model)
            mark = "LIVE" if training.model == live else "    " if is_there else "gone"
            click.echo(f"{training.model:>8} {mark} {training.asked_at:%Y-%m-%d %H:%M} UTC {training.author} {_state(training)}")
        click.echo(f"{STARTER_MODEL:>8} {'LIVE' if live == STARTER_MODEL else '    '} of the files alone")

    @group.command("train")
    def train() -> None:
        """Train and evaluate a model from the files and what the studio changed; it takes some minutes."""
        try:
            training_id = services.trainings.ask(getpass.getuser())
        except Refused as refused:
            raise click.ClickException(str(refused)) from None
        _run(services, training_id)

    @group.command("run", hidden=True)
    @click.argument("training_id", type=int)
    def run(training_id: int) -> None:
        """Do the work of a training that waits; the worker starts this."""
        _run(services, training_id)

    @group.command("publish")
    @click.argument("model")
    def publish(model: str) -> None:
        """Put a model live."""
        try:
            is_taken = services.model_switch.go_live(model, getpass.getuser())
        except Refused as refused:
            raise click.ClickException(str(refused)) from None
        click.echo(_said(model, is_taken))

    @group.command("back")
    def back() -> None:
        """Put the model before live again."""
        try:
            click.echo(_said(*services.model_switch.go_back(getpass.getuser())))
        except Refused as refused:
            raise click.ClickException(str(refused)) from None

    return group


def _run(services: Services, training_id: int) -> None:
    # People are served first.
    os.nice(NICE)
    try:
        services.training_run.run(training_id)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    services.model_switch.clear()
    with services.database.read() as connection:
        training = services.trainings.get(connection, training_id)
    if training is None or training.is_open:
        raise click.ClickException(f"Another process has begun training {training_id}; there is nothing to do.")
    if training.state != READY:
        raise click.ClickException(f"{training.model}: {_state(training)}")
    click.echo(f"{training.model}: {_state(training)} Put it live with `flask model publish {training.model}`.")


def _state(training: Training) -> str:
    seconds = training.seconds(datetime.now(UTC))
    if training.is_open:
        return f"{training.state}, {training.phase}, {seconds} s."
    if training.problem:
        return f"failed ({training.problem}) after {seconds} s; training-*.log in the data folder tell more."
    changes = len(training.report["changes"])
    figures = (
        f"{training.added} phrases added, {training.muted} switched off, {changes} questions answered otherwise, {seconds} s."
    )
    broken = ", ".join(
        f"{item['language']} {item['name']} {item['value']:.1f} < {item['floor']}" for item in training.report["broken"]
    )
    return f"below a floor ({broken}); {figures}" if broken else f"ready; {figures}"


def _said(model: str, is_taken: bool) -> str:
    later = "" if is_taken else " The understanding process does not answer; it takes the model at its next start."
    return f"Model {model} is live.{later}"
