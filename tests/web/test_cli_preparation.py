"""``flask prepare``: every step of a first start, in order, and none after one that fails."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from flask import Flask
from flask.cli import AppGroup

from hotline.cli import register_commands
from hotline.cli.preparation import STEPS, prepare_command
from tests.conftest import make_hotline, make_settings


def _prepare(*words: str, fails: str = "") -> tuple[int, list[str]]:
    """What ``prepare`` ended with and the steps it took, each of which only tells its name."""
    app, taken = Flask("steps"), list[str]()

    def add(group: str, name: str) -> None:
        @click.command(name)
        def step() -> None:
            taken.append(f"{group} {name}")
            if group == fails:
                raise click.ClickException("This is not well.")

        app.cli.commands.setdefault(group, AppGroup(group)).add_command(step)  # type: ignore[attr-defined]

    for _, group, name in STEPS:
        add(group, name)
    app.cli.add_command(prepare_command(app))
    return app.test_cli_runner().invoke(args=["prepare", *words]).exit_code, taken


@pytest.mark.parametrize(
    ("words", "fails", "expected"),
    [
        ((), "", ["texts compile", "flows check", "content load", "hours demo", "staff demo", "prompts build"]),
        (("--keep-content",), "", ["texts compile", "flows check", "hours demo", "staff demo", "prompts build"]),
        ((), "flows", ["texts compile", "flows check"]),
    ],
)
def test_steps_come_in_order_and_none_after_one_that_fails(words: tuple[str, ...], fails: str, expected: list[str]) -> None:
    exit_code, taken = _prepare(*words, fails=fails)
    assert taken == expected
    assert bool(exit_code) == bool(fails)


def test_every_step_is_a_command_of_the_hotline(tmp_path: Path) -> None:
    made = make_hotline(make_settings(tmp_path))
    register_commands(made.app, made.services)
    for _, group, name in STEPS:
        assert made.app.test_cli_runner().invoke(args=[group, name, "--help"]).exit_code == 0
    made.services.database.close()
