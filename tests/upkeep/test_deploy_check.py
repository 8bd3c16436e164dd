"""An unsafe set-up is refused, each reason with its remedy and no secret; a safe one is not."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.cli import register_commands
from hotline.upkeep.deploy_check import Deploy, find_deploy_problems
from hotline.upkeep.heartbeat import Heartbeat
from tests.conftest import make_hotline, make_settings
from tests.servers import local_server, rasa_answer

SAFE = Deploy(
    is_production=True,
    has_simulator=False,
    public_base_url="https://hotline.example.org",
    is_local_account=False,
    secrets={name: secrets.token_urlsafe(32) for name in ("PSEUDONYM_KEY", "RASA_TOKEN", "DATA_KEYS (1)")},
    local_secrets=frozenset(),
    rasa_urls=("http://127.0.0.1:5005",),
    is_rasa_open=False,
    is_sqlite=False,
    web_processes=8,
    workers=3,
    redis_url="redis://:a-password@10.0.0.5:6379/0",
    retention={"RETENTION_MESSAGES": 90},
    is_limited=True,
    is_clock_trusted=False,
    has_demo_accounts=False,
    private_paths=(),
    fallback_url="https://fallback.example.org",
    has_fallback_file=True,
)


def test_safe_setup_is_not_refused() -> None:
    assert find_deploy_problems(SAFE) == []
    small = replace(SAFE, is_sqlite=True, web_processes=2, workers=1, redis_url=None, retention={})
    assert find_deploy_problems(small) == []


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"is_production": False}, "Set HOTLINE_ENV=production"),
        ({"has_simulator": True}, "Set SIMULATOR=no"),
        ({"has_demo_accounts": True}, "Demo accounts"),
        ({"public_base_url": "http://hotline.example.org"}, "PUBLIC_BASE_URL is not https"),
        ({"public_base_url": "https://127.0.0.1"}, "the provider cannot reach it"),
        ({"is_local_account": True}, "TWILIO_ACCOUNT_SID is the one of the simulator"),
        ({"secrets": {"RASA_TOKEN": "changeme-changeme-changeme"}}, "RASA_TOKEN can be guessed"),
        ({"secrets": {"RASA_TOKEN": "q" * 40}}, "RASA_TOKEN can be guessed"),
        ({"secrets": {"RASA_TOKEN": "k3J!x"}}, "RASA_TOKEN can be guessed"),
        ({"local_secrets": frozenset(SAFE.secrets.values())}, "PSEUDONYM_KEY was made for trying out"),
        ({"secrets": dict.fromkeys(("A", "B"), SAFE.secrets["RASA_TOKEN"])}, "Two secrets are the same"),
        ({"is_rasa_open": True}, "Rasa answers without its token"),
        ({"rasa_urls": ("http://127.0.0.1:5005", "http://rasa.internal:5005")}, "RASA_URL leads over a network in the clear"),
        ({"is_sqlite": True, "redis_url": None}, "SQLite is used by 3 workers"),
        ({"is_sqlite": True, "workers": 1, "redis_url": None}, "SQLite is used by 8 web processes"),
        ({"is_sqlite": True, "workers": 1, "web_processes": 2}, "REDIS_URL is for several machines"),
        ({"redis_url": "redis://10.0.0.5:6379/0"}, "Redis is on a network without a password"),
        ({"retention": {"RETENTION_MESSAGES": 0}}, "RETENTION_MESSAGES is off"),
        ({"fallback_url": None}, "Set it and FALLBACK_KEY"),
        ({"fallback_url": "http://127.0.0.1:8010"}, "Set the public address of that program"),
        ({"has_fallback_file": False}, "run `flask fallback build`"),
        ({"is_limited": False}, "Remove LIMITS=off"),
        ({"is_clock_trusted": True}, "TRUST_CLOCK is on"),
    ],
)
def test_each_unsafe_thing_is_named_with_its_remedy_and_without_a_secret(changed: dict[str, object], wanted: str) -> None:
    problems = find_deploy_problems(replace(SAFE, **changed))  # type: ignore[arg-type]
    assert [problem for problem in problems if wanted in problem], problems
    assert not any(secret in str(problems) for secret in SAFE.secrets.values())


def test_redis_on_this_machine_needs_no_password() -> None:
    for url in ("redis://127.0.0.1:6379/0", "redis://localhost", "unix:///run/redis.sock", "rediss://10.0.0.5?password=x"):
        assert find_deploy_problems(replace(SAFE, redis_url=url)) == []


def test_key_file_others_can_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.env"
    path.write_text("x")
    path.chmod(0o644)
    assert "chmod 600 keys.env" in str(find_deploy_problems(replace(SAFE, private_paths=(path, tmp_path / "none"))))
    path.chmod(0o600)
    assert find_deploy_problems(replace(SAFE, private_paths=(path,))) == []


def test_command_looks_at_the_real_things_and_ends_with_one(tmp_path: Path) -> None:
    with local_server(lambda _: (200, rasa_answer())) as rasa:
        hotline = make_hotline(make_settings(tmp_path, RASA_URL=rasa.url))
        for number in (1, 2):
            Heartbeat(hotline.services.database, hotline.clock).beat(f"worker:there:{number}")
        (tmp_path / "hotline.db").chmod(0o644)
        register_commands(hotline.app, hotline.services)
        done = hotline.app.test_cli_runner().invoke(args=["check-deploy"])
    assert done.exit_code == 1
    for wanted in (
        "Rasa answers without its token",
        "SQLite is used by 2 workers",
        "hotline.db can be read",
        "TWILIO_ACCOUNT_SID",
        "FALLBACK_BASE_URL is not set",
    ):
        assert wanted in done.output
    hotline.services.database.close()
