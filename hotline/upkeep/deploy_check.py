"""Whether a set-up is safe for the public: what is not, in one sentence each, with the remedy. It shows no secret."""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SECRET_CHARACTERS = 16
# More processes than cores of one machine: then it is no longer the small set-up SQLite is for.
SQLITE_WEB_PROCESSES = 4
_WEAK = ("change", "example", "secret", "password", "default", "token", "test", "local", "rasa", "bench")


@dataclass(frozen=True)
class Deploy:
    """What is looked at.

    Args:
        is_production: HOTLINE_ENV.
        has_simulator: SIMULATOR.
        public_base_url: PUBLIC_BASE_URL.
        is_local_account: whether TWILIO_ACCOUNT_SID is the one of the simulator.
        secrets: name of the setting -> its value.
        local_secrets: values that were made for trying out.
        rasa_urls: RASA_URL.
        is_rasa_open: whether Rasa answers without its token.
        is_sqlite: whether the database is a file.
        web_processes: WEB_CONCURRENCY.
        workers: how many give signs of life.
        redis_url: REDIS_URL.
        retention: name of a retention setting -> days; empty where this version has none.
        is_limited: LIMITS.
        is_clock_trusted: TRUST_CLOCK.
        has_demo_accounts: whether accounts for trying out are there.
        private_paths: files only their owner may read.
        fallback_url: FALLBACK_BASE_URL.
        has_fallback_file: whether the file of the fallback program was made.
    """

    is_production: bool
    has_simulator: bool
    public_base_url: str
    is_local_account: bool
    secrets: Mapping[str, str] = field(repr=False)
    local_secrets: frozenset[str] = field(repr=False)
    rasa_urls: tuple[str, ...]
    is_rasa_open: bool
    is_sqlite: bool
    web_processes: int
    workers: int
    redis_url: str | None = field(repr=False)
    retention: Mapping[str, int | None]
    is_limited: bool
    is_clock_trusted: bool
    has_demo_accounts: bool
    private_paths: tuple[Path, ...]
    fallback_url: str | None
    has_fallback_file: bool


def find_deploy_problems(deploy: Deploy) -> list[str]:
    """Everything that is not safe; empty when all is well."""
    return [problem for check in _CHECKS for problem in check(deploy)]


def _check_mode(deploy: Deploy) -> Iterator[str]:
    if not deploy.is_production:
        yield "HOTLINE_ENV is not production: secrets are made up and demo accounts can sign in. Set HOTLINE_ENV=production."
    if deploy.has_simulator:
        yield "SIMULATOR is on: it can send messages in anybody's name. Set SIMULATOR=no."
    if deploy.has_demo_accounts:
        yield "Demo accounts are in the database, and their passwords lie in a file. Use a database of its own for the public."


def _check_address(deploy: Deploy) -> Iterator[str]:
    parts = urlsplit(deploy.public_base_url)
    if parts.scheme != "https":
        yield "PUBLIC_BASE_URL is not https: numbers and texts could be read on the way. Put a certificate in front."
    elif _is_loopback(parts.hostname):
        yield "PUBLIC_BASE_URL is this very machine: the provider cannot reach it. Set the public address."


def _check_secrets(deploy: Deploy) -> Iterator[str]:
    if deploy.is_local_account:
        yield "TWILIO_ACCOUNT_SID is the one of the simulator. Copy yours from the Twilio console."
    for name, value in deploy.secrets.items():
        if value in deploy.local_secrets:
            yield f"{name} was made for trying out (local.env). Set one of its own for the public; `flask keys new` makes keys."
        elif len(value) < SECRET_CHARACTERS or value.lower().startswith(_WEAK) or len(set(value)) < 6:
            yield f"{name} can be guessed. Set a random text of {SECRET_CHARACTERS} characters or more."
    if len(set(deploy.secrets.values())) < len(deploy.secrets):
        yield "Two secrets are the same text: whoever learns one knows the other. Give each its own."


def _check_rasa(deploy: Deploy) -> Iterator[str]:
    if deploy.is_rasa_open:
        yield "Rasa answers without its token: anybody who reaches it can use it. Start it by nlu_data/serve.py with RASA_TOKEN."
    if any(parts.scheme != "https" and not _is_loopback(parts.hostname) for parts in map(urlsplit, deploy.rasa_urls)):
        yield "RASA_URL leads over a network in the clear: texts could be read on the way. Run Rasa on this machine or use https."


def _check_database(deploy: Deploy) -> Iterator[str]:
    if deploy.is_sqlite and deploy.workers > 1:
        yield f"SQLite is used by {deploy.workers} workers: it is for one. Run one worker, or set DATABASE_URL to PostgreSQL."
    if deploy.is_sqlite and deploy.web_processes > SQLITE_WEB_PROCESSES:
        most = SQLITE_WEB_PROCESSES
        yield f"SQLite is used by {deploy.web_processes} web processes. Set WEB_CONCURRENCY to {most} or less, or use PostgreSQL."
    if deploy.is_sqlite and deploy.redis_url:
        yield "REDIS_URL is for several machines, and SQLite is for one. Set DATABASE_URL to PostgreSQL too, or unset REDIS_URL."


def _check_redis(deploy: Deploy) -> Iterator[str]:
    if not deploy.redis_url:
        return
    parts = urlsplit(deploy.redis_url)
    has_password = bool(parts.password or parse_qs(parts.query).get("password"))
    if parts.scheme != "unix" and not has_password and not _is_loopback(parts.hostname):
        yield "Redis is on a network without a password: anybody there can read and write the queue. Set one, in REDIS_URL too."


def _check_retention(deploy: Deploy) -> Iterator[str]:
    for name, days in deploy.retention.items():
        if not days:
            yield f"{name} is off: what people wrote would be kept for ever. Set a number of days."


def _check_switches(deploy: Deploy) -> Iterator[str]:
    if not deploy.is_limited:
        yield "LIMITS is off: one sender can keep the hotline busy for everybody. Remove LIMITS=off; it is for measuring."
    if deploy.is_clock_trusted:
        yield "TRUST_CLOCK is on: a wrong clock would not be noticed. Remove it once the stored times have passed."


def _check_files(deploy: Deploy) -> Iterator[str]:
    for path in deploy.private_paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO) and not path.is_dir():
            yield f"{path.name} can be read by others on this machine: chmod 600 {path.name} in its folder."
        elif path.is_dir() and mode & (stat.S_IWGRP | stat.S_IRWXO):
            yield f"The folder {path.name} is open to others on this machine: chmod 700 {path.name}."


def _check_fallback(deploy: Deploy) -> Iterator[str]:
    if not deploy.fallback_url:
        yield (
            "FALLBACK_BASE_URL is not set: while the hotline is down callers hear an error of the provider. Set it and "
            "FALLBACK_KEY, run `make fallback`, best on another machine, and name it at Twilio for when the first handler fails."
        )
    elif _is_loopback(urlsplit(deploy.fallback_url).hostname):
        yield "FALLBACK_BASE_URL is this very machine: the provider cannot reach it. Set the public address of that program."
    if deploy.fallback_url and not deploy.has_fallback_file:
        yield "The fallback program has no file to answer from: run `flask fallback build` and copy its folder to the program."


def _is_loopback(host: str | None) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


_CHECKS: tuple[Callable[[Deploy], Iterator[str]], ...] = (
    _check_mode,
    _check_address,
    _check_secrets,
    _check_rasa,
    _check_database,
    _check_redis,
    _check_retention,
    _check_switches,
    _check_files,
    _check_fallback,
)
