"""The book of the fallback program, made once from the starter content; sounds are silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shutil import copytree

import pytest

from hotline.fallback.server import FallbackServer
from hotline.fallback.settings import FOLDER, FallbackSettings
from hotline.telephony.audio_build import BuildReport
from hotline.telephony.languages import Language
from tests.calls.sounds import write_sounds
from tests.conftest import NOW, PREVIOUS_TOKEN, TOKEN, Hotline, make_hotline, make_settings

BASE = "https://fallback.test"
KEY = "k" * 40
TURKISH_LINE = "+4930555001"
Serve = Callable[[], FallbackServer]


def silent_sounds(folder: Path, language: Language, texts: Iterable[str], *_: object) -> BuildReport:
    """In place of espeak-ng, which would take a minute."""
    write_sounds(folder, {language.code: list(texts)})
    return BuildReport(0, 0, 0, (), ())


def make_owner(folder: Path) -> Hotline:
    """A hotline with a fallback program."""
    settings = {"FALLBACK_KEY": KEY, "FALLBACK_BASE_URL": BASE, "LINE_LANGUAGES": f"{TURKISH_LINE}=tr"}
    return make_hotline(make_settings(folder, **settings))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline that has built the book."""
    made = make_owner(tmp_path_factory.mktemp("built"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hotline.fallback.builder.build_audio", silent_sounds)
        vars(made.services.fallback_books)["_today"] = NOW.date
        made.services.fallback_books.build()
    yield made
    made.services.database.close()


@pytest.fixture
def folder(built: Hotline, tmp_path: Path) -> Path:
    """The book and its sounds, copied to another machine."""
    copied = tmp_path / "copied"
    copytree(built.services.settings.data_dir / FOLDER, copied)
    return copied


@pytest.fixture
def server(folder: Path) -> FallbackServer:
    """The program on the day the book was made."""
    return FallbackServer(FallbackSettings(folder, KEY, (TOKEN, PREVIOUS_TOKEN)), today=NOW.date)
