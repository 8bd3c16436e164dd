"""How fast the knowledge is: loading it, looking an answer up, showing the matrix: ``python bench/knowledge.py``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cryptography.fernet import Fernet

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.loading import load_content
from hotline.knowledge.starter import read_content
from hotline.services import Services
from hotline.settings import LOCAL_ACCOUNT, Settings
from hotline.staff.accounts import get_account
from hotline.store import migrate
from hotline.web.factory import make_flask
from hotline.web.staff_session import cookie_name

REPEATS = 50


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        services = Services(_settings(Path(folder)))
        migrate.upgrade(services.database)
        print(f"| {'what':<44} | {'median':>10} | {'p95':>10} | wanted |")
        print(f"|{'-' * 46}|{'-' * 12}|{'-' * 12}|--------|")
        content = None

        def load() -> None:
            nonlocal content
            content = read_content(services.content_folder, services.languages, services.neutrality)
            load_content(services.database, content)

        _row("reading, checking and loading all content", load, 3, "< 10 s")
        today = today_in_germany()
        with services.database.read() as connection:
            _row("making the library of a day", lambda: services.library.on_day(connection, today), 5, "")
            services.library.current(connection, today)
            _row(
                "looking an answer up",
                lambda: services.library.current(connection, today).articles["money_reag_garp", "ar"].short,
                REPEATS * 20,
                "< 2 ms",
            )
        client = _signed_in(services)
        _row("matrix page, all texts", lambda: client("/studio/texts"), REPEATS, "< 300 ms")
        _row("editor page", lambda: client("/studio/texts/money_reag_garp/ar"), REPEATS, "")


def _row(name: str, action: Callable[[], object], repeats: int, wanted: str) -> None:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(f"| {name:<44} | {statistics.median(times):>7.2f} ms | {p95:>7.2f} ms | {wanted} |")


def _settings(folder: Path) -> Settings:
    return Settings.from_env(
        {
            "HOTLINE_ENV": "production", "HOTLINE_DATA_DIR": str(folder), "PUBLIC_BASE_URL": "https://hotline.example.org",
            "DATA_KEYS": Fernet.generate_key().decode(), "PSEUDONYM_KEY": "p" * 40, "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT,
            "TWILIO_AUTH_TOKEN": "token", "RASA_TOKEN": "rasa", "LIMITS": "off",
        }
    )  # fmt: skip


def _signed_in(services: Services) -> Callable[[str], object]:
    with services.database.begin() as connection:
        services.staff_accounts.add(connection, "bench", ["reviewer"], "de", "bench", datetime.now(UTC))
        token = services.staff_sessions.open(connection, get_account(connection, "bench").id, "full", device="bench")
    client = make_flask(services).test_client()
    client.set_cookie(cookie_name(services), token, domain="hotline.example.org", secure=True, path="/")

    def get(path: str) -> object:
        answer = client.get(path, base_url="https://hotline.example.org")
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer

    return get


if __name__ == "__main__":
    main()
