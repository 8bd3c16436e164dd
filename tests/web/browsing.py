"""The whole hotline at a free port for a real browser, and what every page must be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from werkzeug.serving import BaseWSGIServer, make_server

from tests.conftest import Hotline, make_hotline, make_settings

DESKTOP, SMALL = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def serve(folder: Path) -> Iterator[tuple[Hotline, BaseWSGIServer]]:
    """The hotline of a newcomer's machine, with threads: the simulator posts its webhooks to the very same server."""
    hotline: Hotline | None = None
    listening = make_server("127.0.0.1", 0, lambda *request: hotline.app(*request), threaded=True)  # type: ignore[union-attr]
    base = f"http://127.0.0.1:{listening.server_port}"
    changed = {"HOTLINE_ENV": "local", "PUBLIC_BASE_URL": base, "TWILIO_API_BASE_URL": f"{base}/simulator/twilio"}
    hotline = make_hotline(make_settings(folder, **changed))
    thread = Thread(target=listening.serve_forever)
    thread.start()
    yield hotline, listening
    listening.shutdown()
    thread.join()
    listening.server_close()
    hotline.services.database.close()


def check_accessibility(page: Page) -> None:
    """Fail on what axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    severe = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in severe] == []


def check_fits(page: Page) -> None:
    """Fail when a page is wider than its screen."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
