"""Commands for what the speech recognition is told to expect: ``flask hints build``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from hotline.knowledge.starter import read_policies
from hotline.services import Services
from hotline.training.hint_words import write_hint_words
from hotline.training.phrase_files import OUT_OF_SCOPE, PhraseFiles


def hints_group(services: Services) -> AppGroup:
    """Make the commands.

    Args:
        services: of the application.
    """
    group = AppGroup("hints", help="Words the speech recognition of the phone is told to expect.")

    @group.command("build")
    def build() -> None:
        """Choose the telling words of each topic from nlu_data/nlu/ and write them into content/hints/."""
        topics = [topic for topic in read_policies(services.content_folder) if topic != OUT_OF_SCOPE]
        files, folder = PhraseFiles(services.models_folder.parent), services.content_folder / "hints"
        languages = [code for code in services.live_languages if services.languages[code].gather_code]
        written = write_hint_words(files, folder, topics, languages)
        click.echo(f"{len(written)} languages written into {folder.name}/.")

    return group
