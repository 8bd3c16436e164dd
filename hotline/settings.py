"""All settings, read once at the start. A wrong one stops the start with one sentence that names it and the remedy."""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from hotline.allowance import Allowances, read_allowances
from hotline.errors import CannotStart
from hotline.privacy.clocks import read_days

ROOT = Path(__file__).resolve().parent.parent
# Not 5000: macOS answers there itself.
LOCAL_PORT = "8000"
LOCAL_ACCOUNT = "AC" + "0" * 32
_WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_LANGUAGE = re.compile("[a-z]{2,3}")
SHORTEST_FALLBACK_KEY = 32
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class WrongSetting(CannotStart):
    """A setting is missing or cannot be used. The message names it and the remedy, never its value."""


@dataclass(frozen=True)
class SecondAccount:
    """A provider account that takes over while the first one fails; ``number`` is ours there, where it is another one."""

    account_sid: str = field(repr=False)
    auth_token: str = field(repr=False)
    api_base_url: str | None
    number: str | None = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Secrets stay out of ``repr``."""

    is_production: bool
    data_dir: Path
    public_base_url: str
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    data_keys: tuple[str, ...] = field(repr=False)
    pseudonym_key: str = field(repr=False)
    twilio_account_sid: str = field(repr=False)
    twilio_auth_tokens: tuple[str, ...] = field(repr=False)
    twilio_api_base_url: str | None
    handoff_notify: tuple[str, ...] = field(repr=False)
    handoff_notify_from: str | None = field(repr=False)
    call_window: str
    rasa_urls: tuple[str, ...]
    rasa_token: str = field(repr=False)
    rasa_timeout_seconds: float
    has_simulator: bool
    trusted_proxies: int
    is_reviewed_only: bool = False
    translation: str = "off"
    translation_url: str | None = None
    translation_key: str = field(default="", repr=False)
    translation_extra: tuple[str, ...] = ()
    translation_timeout_seconds: float = 8.0
    # Days by kind: see ``privacy.clocks``.
    retention: Mapping[str, int] = field(default_factory=lambda: read_days({}))
    deletes_at_provider: bool = True
    twilio_second: SecondAccount | None = None
    metrics_token: str | None = field(default=None, repr=False)
    backup_key: str | None = field(default=None, repr=False)
    web_processes: int = 3
    fallback_key: str | None = field(default=None, repr=False)
    fallback_base_url: str | None = None
    # Our number -> the language of who calls or writes there.
    line_languages: Mapping[str, str] = field(default_factory=dict)
    is_clock_trusted: bool = False
    allowances: Allowances = field(default_factory=Allowances)
    root: Path = ROOT

    @property
    def webhook_tokens(self) -> tuple[str, ...]:
        """Tokens that sign webhooks: those of the first account, while they are rotated too, and of the second one."""
        return self.twilio_auth_tokens + ((self.twilio_second.auth_token,) if self.twilio_second else ())

    @property
    def rasa_url(self) -> str:
        """The first understanding process: the one commands ask."""
        return self.rasa_urls[0]

    @property
    def is_local_account(self) -> bool:
        """Whether the provider's account is the one of the simulator."""
        return self.twilio_account_sid == LOCAL_ACCOUNT

    def read_local_secrets(self) -> tuple[frozenset[str], tuple[Path, ...]]:
        """The values that were made for trying out, and the files of the data folder that hold secrets."""
        path = self.data_dir / "local.env"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return frozenset(line.split("=", 1)[1] for line in lines if "=" in line), (path, self.data_dir / "staff-demo.txt")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings.

        Args:
            environ: environment variables. With HOTLINE_ENV=local (the default) missing secrets are made once and kept in
                ``local.env`` of the data folder; with HOTLINE_ENV=production every one must be given.

        Raises:
            WrongSetting: a value is missing or wrong.
        """
        mode = environ.get("HOTLINE_ENV", "local")
        if mode not in ("local", "production"):
            raise WrongSetting("HOTLINE_ENV must be local or production.")
        is_production = mode == "production"
        data_dir = Path(environ.get("HOTLINE_DATA_DIR") or ROOT / "var").resolve()
        values = dict(environ) if is_production else {**_local_values(data_dir, environ), **environ}
        has_simulator = _yes_no(values, "SIMULATOR", default=not is_production)
        if is_production and has_simulator:
            raise WrongSetting("SIMULATOR must be off in production: it can send messages in anybody's name. Unset it.")
        return cls(
            is_production=is_production,
            data_dir=data_dir,
            public_base_url=_base_url(values, is_production),
            database_url=values.get("DATABASE_URL") or f"sqlite:///{data_dir / 'hotline.db'}",
            redis_url=values.get("REDIS_URL") or None,
            data_keys=_list(_required(values, "DATA_KEYS", "make one with `flask keys new`")),
            pseudonym_key=_required(values, "PSEUDONYM_KEY", "make one with `flask keys new`"),
            twilio_account_sid=_required(values, "TWILIO_ACCOUNT_SID", "copy it from the Twilio console"),
            twilio_auth_tokens=_list(_required(values, "TWILIO_AUTH_TOKEN", "copy the auth token from the Twilio console"))
            + _list(values.get("TWILIO_AUTH_TOKEN_PREVIOUS", "")),
            twilio_api_base_url=_optional_url(values, "TWILIO_API_BASE_URL"),
            **_notices(values),
            call_window=_call_window(values),
            rasa_urls=_rasa_urls(values),
            rasa_token=_required(values, "RASA_TOKEN", "set the same random text here and for the Rasa server"),
            rasa_timeout_seconds=_seconds(values, "RASA_TIMEOUT_SECONDS", 2.0),
            has_simulator=has_simulator,
            is_reviewed_only=_yes_no(values, "REVIEWED_ONLY", default=False),
            trusted_proxies=_count(values, "TRUSTED_PROXIES"),
            **_translation(values, is_production),
            retention=read_days(values),
            deletes_at_provider=_yes_no(values, "DELETE_AT_PROVIDER", default=True),
            twilio_second=_second_account(values),
            metrics_token=values.get("METRICS_TOKEN", "").strip() or None,
            backup_key=_backup_key(values),
            is_clock_trusted=_yes_no(values, "TRUST_CLOCK", default=False),
            web_processes=_count(values, "WEB_CONCURRENCY") or 3,
            **_fallback(values, is_production),
            allowances=read_allowances(values),
        )


def _local_values(data_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets of a local set-up, made at the first start and readable by their owner only."""
    path = data_dir / "local.env"
    if not path.exists():
        made = {
            "DATA_KEYS": Fernet.generate_key().decode(),
            "PSEUDONYM_KEY": secrets.token_urlsafe(48),
            "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT,
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "RASA_TOKEN": secrets.token_urlsafe(24),
        }
        data_dir.mkdir(parents=True, exist_ok=True)
        # Two processes may start at once; only one may decide the keys.
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _local_values(data_dir, environ)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{name}={value}\n" for name, value in made.items()))
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    kept = dict(pairs)
    port = environ.get("PORT") or LOCAL_PORT
    if environ.get("FALLBACK_BASE_URL"):
        kept.setdefault("FALLBACK_KEY", kept.get("PSEUDONYM_KEY", ""))
    kept.setdefault("PUBLIC_BASE_URL", f"http://127.0.0.1:{port}")
    kept.setdefault("TWILIO_API_BASE_URL", f"http://127.0.0.1:{port}/simulator/twilio")
    return kept


def _required(values: Mapping[str, str], name: str, remedy: str) -> str:
    value = values.get(name, "").strip()
    # Commas part several keys or tokens: with nothing but commas there is none.
    if not value.strip(" ,"):
        raise WrongSetting(f"{name} is not set; {remedy}.")
    return value


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _notices(values: Mapping[str, str]) -> dict[str, Any]:
    """Who is told of a handoff, and from which of our numbers."""
    notify, sender = _list(values.get("HANDOFF_NOTIFY", "")), values.get("HANDOFF_NOTIFY_FROM", "").strip()
    if not all(_E164.fullmatch(number) for number in (*notify, *([sender] if sender else []))):
        raise WrongSetting("HANDOFF_NOTIFY and HANDOFF_NOTIFY_FROM must be numbers such as +4930123456, parted by commas.")
    if notify and not sender:
        raise WrongSetting("HANDOFF_NOTIFY is set, so HANDOFF_NOTIFY_FROM must name the number of ours that sends the notices.")
    return {"handoff_notify": notify, "handoff_notify_from": sender or None}


def _translation(values: Mapping[str, str], is_production: bool) -> dict[str, Any]:
    """The translation service, where one is used."""
    service = values.get("TRANSLATION", "").strip().lower() or "off"
    if service not in ("deepl", "libretranslate", "off"):
        raise WrongSetting("TRANSLATION must be deepl, libretranslate or off.")
    if service == "off":
        return {}
    key, url = values.get("TRANSLATION_KEY", "").strip(), values.get("TRANSLATION_URL", "").strip().rstrip("/")
    if service == "deepl" and not key:
        raise WrongSetting("TRANSLATION is deepl, so TRANSLATION_KEY must be the key of the account.")
    if service == "deepl" and is_production and key.endswith(":fx"):
        raise WrongSetting(
            "TRANSLATION_KEY is one of DeepL's free API, which may keep what it is sent; use a key of the Pro API."
        )
    if service == "libretranslate" and not url:
        raise WrongSetting("TRANSLATION is libretranslate, so TRANSLATION_URL must be the address of the server.")
    if url and not _is_web_address(url):
        raise WrongSetting("TRANSLATION_URL must look like https://translate.example.org")
    parts = urlsplit(url)
    if is_production and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise WrongSetting("TRANSLATION_URL must start with https:// in production, unless the server is on this machine.")
    return {
        "translation": service,
        "translation_url": url or None,
        "translation_key": key,
        "translation_extra": _list(values.get("TRANSLATION_EXTRA", "")),
        "translation_timeout_seconds": _seconds(values, "TRANSLATION_TIMEOUT_SECONDS", 8.0),
    }


def _second_account(values: Mapping[str, str]) -> SecondAccount | None:
    sid, token = values.get("TWILIO_SECOND_ACCOUNT_SID", "").strip(), values.get("TWILIO_SECOND_AUTH_TOKEN", "").strip()
    if bool(sid) != bool(token):
        raise WrongSetting("TWILIO_SECOND_ACCOUNT_SID and TWILIO_SECOND_AUTH_TOKEN go together: set both, or none.")
    number = values.get("TWILIO_SECOND_NUMBER", "").strip() or None
    if number and not _E164.fullmatch(number):
        raise WrongSetting("TWILIO_SECOND_NUMBER must be a number such as +4930123456.")
    return SecondAccount(sid, token, _optional_url(values, "TWILIO_SECOND_API_BASE_URL"), number) if sid else None


def _backup_key(values: Mapping[str, str]) -> str | None:
    """The key of backup files; they are encrypted with DATA_KEYS where there is none."""
    key = values.get("BACKUP_KEY", "").strip() or None
    try:
        Fernet(key or Fernet.generate_key())
    except ValueError:
        raise WrongSetting("BACKUP_KEY must be a Fernet key; make one with `flask keys backup`.") from None
    return key


def _call_window(values: Mapping[str, str]) -> str:
    """The hours of the day, in Germany, in which people are called back."""
    window = values.get("CALL_WINDOW", "").strip() or "08:00-20:00"
    if not _WINDOW.fullmatch(window) or window[:5] >= window[6:]:
        raise WrongSetting("CALL_WINDOW must be two times of one day, such as 08:00-20:00.")
    return window


def _yes_no(values: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = values.get(name, "").strip().lower()
    if value in ("1", "yes", "true", "on"):
        return True
    if value in ("0", "no", "false", "off"):
        return False
    if value:
        raise WrongSetting(f"{name} must be yes or no.")
    return default


def _seconds(values: Mapping[str, str], name: str, default: float) -> float:
    try:
        seconds = float(values.get(name, default))
    except ValueError:
        seconds = 0
    if not (math.isfinite(seconds) and seconds > 0):
        raise WrongSetting(f"{name} must be a number of seconds above 0.")
    return seconds


def _count(values: Mapping[str, str], name: str) -> int:
    value = values.get(name, "").strip() or "0"
    if not (value.isascii() and value.isdigit()):
        raise WrongSetting(f"{name} must be a number, 0 or more.")
    return int(value)


def _fallback(values: Mapping[str, str], is_production: bool) -> dict[str, Any]:
    """The program that answers while the hotline cannot, and the language of each line."""
    key, url = values.get("FALLBACK_KEY", "").strip(), values.get("FALLBACK_BASE_URL", "").strip()
    if bool(key) != bool(url):
        raise WrongSetting("FALLBACK_KEY and FALLBACK_BASE_URL go together: set both, or none.")
    if key and len(key) < SHORTEST_FALLBACK_KEY:
        raise WrongSetting(f"FALLBACK_KEY must be a random text of at least {SHORTEST_FALLBACK_KEY} characters.")
    pairs = [pair.split("=") for pair in _list(values.get("LINE_LANGUAGES", ""))]
    if not all(len(pair) == 2 and _E164.fullmatch(pair[0]) and _LANGUAGE.fullmatch(pair[1]) for pair in pairs):
        raise WrongSetting("LINE_LANGUAGES must be numbers of ours with a language each, such as +4930123456=tr,+4930123457=ar.")
    return {
        "fallback_key": key or None,
        "fallback_base_url": _checked_url("FALLBACK_BASE_URL", url.rstrip("/"), is_production) if url else None,
        "line_languages": dict(pairs),
    }


def _base_url(values: Mapping[str, str], is_production: bool) -> str:
    url = _required(values, "PUBLIC_BASE_URL", "give the address Twilio calls, such as https://hotline.example.org").rstrip("/")
    return _checked_url("PUBLIC_BASE_URL", url, is_production)


def _checked_url(name: str, url: str, is_production: bool) -> str:
    if not _is_web_address(url) or {"?", "#"} & set(url):
        raise WrongSetting(f"{name} must look like https://hotline.example.org, without ? and #.")
    if is_production and urlsplit(url).scheme != "https":
        raise WrongSetting(f"{name} must start with https:// in production.")
    return url


def _rasa_urls(values: Mapping[str, str]) -> tuple[str, ...]:
    """Every understanding process."""
    urls = tuple(url.rstrip("/") for url in _list(values.get("RASA_URL") or "http://127.0.0.1:5005"))
    if not urls or not all(map(_is_web_address, urls)):
        raise WrongSetting("RASA_URL must be addresses such as http://127.0.0.1:5005, parted by commas.")
    return urls


def _optional_url(values: Mapping[str, str], name: str) -> str | None:
    url = values.get(name, "").strip() or None
    if url and not _is_web_address(url):
        raise WrongSetting(f"{name} must look like https://api.example.org; leave it out for Twilio itself.")
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # A port that is none shows itself only when it is asked for.
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and parts.scheme in ("http", "https") and not re.search(r"\s", url)
