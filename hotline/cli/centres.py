"""The commands for the directory of centres: ``flask centres import``, ``export`` and ``find``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from hotline.dialogue.turn import today_in_germany
from hotline.errors import CannotStart
from hotline.knowledge.centre_store import read_directory
from hotline.knowledge.centre_tables import read_centres, write_centres
from hotline.knowledge.centres import CentreQuery, Directory
from hotline.knowledge.loading import import_centres
from hotline.knowledge.places import Place
from hotline.services import Services


class UnknownPlace(CannotStart):
    """No postcode, city or Land of ours. The message says what to give."""


def centre_commands(services: Services, sentence: Callable[..., Any]) -> AppGroup:
    """The group of commands.

    Args:
        services: the hotline.
        sentence: turns what stops a command into one sentence.
    """
    group = AppGroup("centres", help="The directory of counselling centres.")

    @group.command("import")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @sentence
    def import_(path: Path) -> None:
        """Replace the directory by the rows of a .csv or .xlsx file; nothing is imported when any row is wrong."""
        found = read_centres(path, services.places, services.languages)
        import_centres(services.database, found)
        click.echo(f"Imported {len(found)} centres. `flask content load` leaves them as they are from now on.")
        click.echo(
            "Run `flask prompts build`: languages without a Twilio voice are offered by voice again when their sounds are there."
        )
        _warn(found_on(services, today_in_germany()), len(found))

    @group.command("export")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
    @sentence
    def export(path: Path) -> None:
        """Write the directory to a .csv or .xlsx file that can be imported again without loss."""
        with services.database.read() as connection:
            directory = read_directory(connection)
        click.echo(f"Exported {write_centres(path, directory.centres)} centres.")

    @group.command("find")
    @click.argument("place")
    @click.option("--language", help="Only centres that speak this language (its code).")
    @click.option("--independent", is_flag=True, help="Only independent centres.")
    @sentence
    def find(place: str, language: str | None, independent: bool) -> None:
        """Show the centres a person at PLACE (postcode, city or code of a Land) is told today, nearest first."""
        query = CentreQuery(_place(services, place), independent, language)
        directory = found_on(services, today_in_germany())
        for centre in (*directory.find(query), *directory.nationwide):
            about = (centre.land, centre.body or "-", centre.name, centre.postcode, centre.city, centre.phone or centre.url)
            click.echo("  ".join(filter(None, about)))

    return group


def found_on(services: Services, day: date) -> Directory:
    """The directory as it is shown on a day."""
    with services.database.read() as connection:
        return read_directory(connection).on(day)


def _warn(shown: Directory, imported: int) -> None:
    hidden = imported - len(shown.centres)
    if hidden:
        click.echo(f"{hidden} of them are not shown: past valid_until, or of confidence L.", err=True)


def _place(services: Services, text: str) -> Place:
    found = (
        services.places.find({"postcode": text}) or services.places.find({"city": text}) or services.places.find({"land": text})
    )
    if found is None:
        raise UnknownPlace(f"{text!r} is no postcode in use, no city of content/places/cities.tsv and no code such as DE-BY.")
    return found
