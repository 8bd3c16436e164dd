"""One hotline for all tests of a file: they look at what is refused, and leave nothing behind that another one counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Hotline, make_hotline, make_settings

# Its routes are there only with a service; nothing listens at this address, and nothing is asked.
TRANSLATION = {"TRANSLATION": "libretranslate", "TRANSLATION_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline with the strict rules of production."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("security"), **TRANSLATION))
    yield made
    made.services.database.close()
