"""What many tests of pages share: the browser, and three people at the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import Hotline, require
from tests.web.browsing import PATIENCE_MS, Tabs
from tests.web.counsellors import Colleague, hire, take

# The browser shall talk to nobody but us.
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    require("Chromium", bool(path), "install it (apt-get install chromium) or set CHROMIUM to its path.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Tabs]:
    """Opens tabs; what goes wrong in one of them fails the test."""
    made = Tabs(browser)
    yield made
    made.close()


@pytest.fixture
def anna(quick_hotline: Hotline) -> Colleague:
    """A counsellor."""
    return hire(quick_hotline, "anna")


@pytest.fixture
def bert(quick_hotline: Hotline) -> Colleague:
    """Another one, who is busy."""
    return hire(quick_hotline, "bert", presence="busy")


@pytest.fixture
def carla(quick_hotline: Hotline) -> Colleague:
    """A supervisor."""
    return hire(quick_hotline, "carla", "supervisor", presence="busy")


@pytest.fixture
def own(quick_hotline: Hotline, anna: Colleague) -> int:
    """A handoff anna has, of somebody who wrote ``counsellors.WORDS``."""
    return take(quick_hotline, anna)
