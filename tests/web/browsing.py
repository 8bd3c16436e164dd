"""The whole hotline at a free port for a real browser, and what every page must be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from werkzeug.serving import make_server

from hotline.web.staff_session import cookie_name
from hotline.web.staff_texts import LANGUAGE_COOKIE
from tests.conftest import Hotline, make_hotline, make_settings

DESKTOP, TABLET, SMALL = {"width": 1280, "height": 900}, {"width": 820, "height": 1180}, {"width": 390, "height": 844}
# Enough for a machine that does everything else at the same time; only what fails takes as long.
PATIENCE_MS = 30_000


@contextmanager
def serve(folder: Path) -> Iterator[Hotline]:
    """The hotline of a newcomer's machine at a free port, threaded: the simulator posts its webhooks to the same server."""
    hotline: Hotline | None = None
    listening = make_server("127.0.0.1", 0, lambda *request: hotline.app(*request), threaded=True)  # type: ignore[union-attr]
    base = f"http://127.0.0.1:{listening.server_port}"
    changed = {"HOTLINE_ENV": "local", "PUBLIC_BASE_URL": base, "TWILIO_API_BASE_URL": f"{base}/simulator/twilio"}
    hotline = make_hotline(make_settings(folder, **changed))
    thread = Thread(target=listening.serve_forever)
    thread.start()
    yield hotline
    listening.shutdown()
    thread.join()
    listening.server_close()
    hotline.services.database.close()


class Tabs:
    """Opens tabs, each one in a browser profile of its own, and hears what goes wrong in them.

    Args:
        browser: Where they open.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._errors: list[str] = []

    def open(
        self,
        hotline: Hotline,
        token: str = "",
        *,
        viewport: dict[str, int] = DESKTOP,
        language: str = "",
        locale: str = "de-DE",
        scheme: str = "light",
        is_refused: bool = False,
    ) -> Page:
        """Open an empty tab.

        Args:
            hotline: Whose pages are opened by their path alone.
            token: The session of a member of staff, from ``open_session``.
            viewport: The size of the screen in pixels.
            language: What this browser chose for pages of staff; nothing means it never chose.
            locale: What the browser asks for.
            scheme: "light" or "dark".
            is_refused: The test asks for what it does not get: answers that are no success are no fault then.
        """
        base = hotline.services.settings.public_base_url
        context = self._browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            base_url=base,
            locale=locale,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE_MS)
        cookies = {cookie_name(hotline.services): token, LANGUAGE_COOKIE: language}
        context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items() if value])
        self._contexts.append(context)

        def hear(said: ConsoleMessage) -> None:
            # What does not load is told by its status: a server that has ended with its test is no fault.
            if said.type == "error" and not said.text.startswith("Failed to load resource"):
                self._errors.append(said.text)

        def look(answer: Response) -> None:
            if answer.status >= 400 and not is_refused:
                self._errors.append(f"{answer.status} {answer.url}")

        tab = context.new_page()
        tab.on("console", hear)
        tab.on("response", look)
        tab.on("pageerror", lambda error: self._errors.append(str(error)))
        return tab

    def close(self) -> None:
        """Close them all; fail on what went wrong in a script, in loading, or against the security policy."""
        for context in self._contexts:
            context.close()
        assert self._errors == [], self._errors


def check_accessibility(page: Page) -> None:
    """Fail on what axe calls serious or critical."""
    # Without its style sheets it has other colours.
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    severe = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    told = [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in severe]
    assert told == [], told


def check_fits(page: Page) -> None:
    """Fail when a page is wider than its screen."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
