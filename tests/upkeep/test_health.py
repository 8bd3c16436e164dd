"""Health and figures: each part on its own, 503 when nobody can be answered, nothing secret or personal, closed to strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from hotline.upkeep import health
from hotline.upkeep.heartbeat import Heartbeat, living_workers
from hotline.web.access import access
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio

PARTS = {"database", "disk", "migrations", "clock", "worker", "queue", "outbox", "calls", "understanding", "model"}


def _ready(hotline: Hotline, query: str = "") -> tuple[int, str, dict[str, Any]]:
    answer = hotline.app.test_client().get(f"/health/ready{query}")
    return answer.status_code, answer.json["status"], answer.json["parts"]  # type: ignore[index]


def _figures(hotline: Hotline, **headers: str) -> dict[tuple[str, ...], float]:
    answer = hotline.app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_ready_names_each_part_and_what_to_do_about_it(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOW_DISK_BYTES", 0)
    status, overall, parts = _ready(hotline)
    assert set(parts) == PARTS
    assert (status, overall) == (200, "degraded"), "people are answered, by the fallback and without a worker"
    assert _ready(hotline, "?all=1")[0] == 503
    assert "flask worker" in parts["worker"]["detail"]
    assert parts["understanding"]["state"] == "degraded"
    services = hotline.services
    beat = Heartbeat(services.database, hotline.clock)
    beat.start()
    beat.beat()
    parts = _ready(hotline)[2]
    assert {name for name, part in parts.items() if part["state"] != "ok"} <= {"understanding", "model"}
    beat.stop()
    assert living_workers(services.database, hotline.clock()) == 0
    twilio.text(hotline, "SM1", "Mensch")
    hotline.clock.move(minutes=5)
    parts = _ready(hotline)[2]
    assert {parts[name]["state"] for name in ("outbox", "queue", "worker")} == {"degraded"}


def test_ready_is_503_without_the_tables_of_this_version_and_without_room(
    quick_hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FULL_DISK_BYTES", 10**18)
    monkeypatch.setattr(health, "LOW_DISK_BYTES", 10**18)
    assert _ready(quick_hotline)[:2] == (503, "down")
    monkeypatch.undo()
    with quick_hotline.services.database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, _, parts = _ready(quick_hotline)
    assert status == 503
    assert "flask db upgrade" in parts["migrations"]["detail"]


def test_ready_is_503_without_a_database_and_says_so(tmp_path: Path) -> None:
    made = make_hotline(make_settings(tmp_path))
    made.services.database.close()
    vars(made.services)["database"] = type(made.services.database)("postgresql://user:hidden-word@127.0.0.1:9/x")
    status, _, parts = _ready(made)
    assert status == 503
    assert parts["database"]["state"] == "down"
    assert "hidden-word" not in str(parts)


def test_figures_count_turns_danger_and_times_and_tell_nothing_of_anybody(hotline: Hotline) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    twilio.text(hotline, "SM1", "Wie viel Geld")
    twilio.text(hotline, "SM2", "Hilfe, er will mich umbringen")
    twilio.text(hotline, "SM3", "Wie viel Geld", From="+4915199999999")
    twilio.post(hotline, "/webhooks/twilio/messages", {"From": twilio.PERSON}, signature="wrong")
    hotline.clock.move(seconds=90)
    found = _figures(hotline)
    assert found["hotline_turns_total", "sms", "de", "answered"] == 2
    assert sum(value for name, value in found.items() if name[0] == "hotline_danger_total") == 1
    assert found["hotline_webhook_seconds_count", "message"] == 3
    assert found["hotline_webhook_seconds_bucket", "message", "+Inf"] == 3
    assert found["hotline_webhooks_refused_total",] == 1
    assert found["hotline_queue_people",] == 1
    assert found["hotline_queue_age_seconds",] == 90
    assert found["hotline_outbox_due",] == 1
    assert found["hotline_outbox_age_seconds",] == 90
    assert found["hotline_health", "database"] == 1
    assert _figures(hotline)["hotline_turns_total", "sms", "de", "answered"] == 2, "asking changes nothing"
    assert not any(twilio.PERSON[1:] in part for name in found for part in name)


def test_errors_of_pages_and_of_jobs_are_counted(quick_hotline: Hotline) -> None:
    services = quick_hotline.services

    def fail() -> str:
        raise RuntimeError(twilio.PERSON)

    quick_hotline.own_app().add_url_rule("/broken", "broken", access("public")(fail))
    services.queue.task(name="broken")(fail)()
    task = services.queue.dequeue()
    assert quick_hotline.app.test_client().get("/broken").status_code == 500
    services.queue.execute(task)
    found = _figures(quick_hotline)
    assert (found["hotline_pages_failed_total",], found["hotline_jobs_failed_total",]) == (1, 1)


def test_figures_are_for_this_machine_or_for_the_token(quick_hotline: Hotline) -> None:
    client = quick_hotline.app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "198.51.100.7"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 403
    quick_hotline.services.settings = replace(quick_hotline.services.settings, metrics_token="token-of-metrics")
    assert client.get("/metrics").status_code == 401
    wrong = {"Authorization": "Bearer other"}
    assert client.get("/metrics", headers=wrong).status_code == 401
    right = {"Authorization": "Bearer token-of-metrics"}
    assert client.get("/metrics", headers=right, environ_overrides={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200


def test_worker_that_died_is_not_alive_for_long_and_forgotten_later(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    Heartbeat(services.database, quick_hotline.clock).beat("worker:there:1")
    assert living_workers(services.database, quick_hotline.clock()) == 1
    quick_hotline.clock.move(minutes=1)
    assert living_workers(services.database, quick_hotline.clock()) == 0
    quick_hotline.clock.now += timedelta(hours=2)
    Heartbeat(services.database, quick_hotline.clock).beat()
    assert [row["name"] for row in quick_hotline.rows("job_runs")] == ["queue"]
