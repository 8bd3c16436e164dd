"""What operators work with: figures, health, the signs of life of workers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limits.storage import storage_from_string
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hotline.counselling.hours import BERLIN
from hotline.dialogue.menu_order import MenuOrder, forget_asked
from hotline.dialogue.pace import Pacer
from hotline.dialogue.turn_seen import TurnSeen
from hotline.fallback.book import FILE
from hotline.fallback.settings import FOLDER
from hotline.privacy.key_check import check_keys
from hotline.services.core import CoreServices
from hotline.staff.accounts import DEMO_PREFIX
from hotline.store.clock import check_clock
from hotline.store.tables import staff_accounts
from hotline.understanding.local_server import answers
from hotline.understanding.rasa import answers_without_token
from hotline.upkeep.deploy_check import Deploy
from hotline.upkeep.health import Part, Surroundings, look_at_everything
from hotline.upkeep.heartbeat import Heartbeat, living_workers
from hotline.upkeep.metrics import HotlineCollector, Meter

if TYPE_CHECKING:
    from hotline.upkeep.backup import Backups

# A limit that cannot be counted at once is none: nobody waits for it.
LIMIT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3, "key_prefix": "hotline-limits"}


class UpkeepServices(CoreServices):
    """Everything an operator looks at."""

    @cached_property
    def meter(self) -> Meter:
        """Counts what happens."""
        return Meter(self.tally)

    def count_turn(self, seen: TurnSeen) -> None:
        """Count a turn."""
        self.meter.count_turn(seen.channel, seen.language, seen.outcome, seen.danger)
        day = self.clock().astimezone(BERLIN).date()
        if seen.topic is not None:
            self.menu_order.count("topic", seen.topic, day)
        if seen.chosen is not None and seen.channel == "voice":
            self.menu_order.count("language", seen.chosen, day)
        if seen.country is not None:
            self.menu_order.count("country", seen.country, day)

    @cached_property
    def menu_order(self) -> MenuOrder:
        """What is asked most lately."""
        return MenuOrder(self.tally)

    def forget_asked(self) -> int:
        """Delete what is too old for any menu."""
        with self.database.begin() as connection:
            return forget_asked(connection, self.clock().astimezone(BERLIN).date())

    @cached_property
    def pacer(self) -> Pacer:
        """Tells who writes or calls too fast."""
        storage = storage_from_string(self.limit_storage, **LIMIT_OPTIONS if self.settings.redis_url else {})
        return Pacer(self.settings.allowances, storage, self.cipher.pseudonym, self.meter.count_slowed)  # type: ignore[arg-type]

    @property
    def limit_storage(self) -> str:
        """Where limits are counted: for all processes in Redis, else in the memory of each."""
        return self.settings.redis_url or "memory://"

    @cached_property
    def heartbeat(self) -> Heartbeat:
        """Signs of life; only the worker writes them."""
        return Heartbeat(self.database, self.clock)

    def look_at_health(self) -> list[Part]:
        """Each thing the hotline depends on."""
        return look_at_everything(
            Surroundings(
                database=self.database,
                data_dir=self.settings.data_dir,
                ask_rasa=lambda: [answers(url) for url in self.settings.rasa_urls],
                has_model=lambda: self.models.has(self.models.live()),
                clock=self.clock,
                is_clock_trusted=self.settings.is_clock_trusted,
            )
        )

    @cached_property
    def collector(self) -> HotlineCollector:
        """Figures for Prometheus."""
        return HotlineCollector(self.database, self.look_at_health, self.clock)

    def check_ground(self) -> None:
        """Refuse to work on data the clock or the keys do not fit.

        Raises:
            CannotStart: the message names what is wrong and the remedy.
        """
        with self.database.read() as connection:
            check_keys(connection, self.cipher)
            if not self.settings.is_clock_trusted:
                check_clock(connection, self.clock())

    @cached_property
    def backups(self) -> Backups:
        """Backup and restore; only commands use it."""
        # It migrates what it restores: no web process carries Alembic.
        from hotline.upkeep.backup import Backups

        known = self.settings
        keys = ((known.backup_key,) if known.backup_key else ()) + known.data_keys
        folders = {"recordings": known.root / "recordings", "uploads": known.data_dir / "recordings"}
        return Backups(self.database, known.data_dir, folders, keys)

    def look_at_deploy(self) -> Deploy:
        """What ``flask check-deploy`` judges."""
        known, second = self.settings, self.settings.twilio_second
        secrets = {
            "PSEUDONYM_KEY": known.pseudonym_key,
            "RASA_TOKEN": known.rasa_token,
            "TWILIO_AUTH_TOKEN": known.twilio_auth_tokens[0],
            **{f"DATA_KEYS ({place})": key for place, key in enumerate(known.data_keys, start=1)},
        }
        for name, value in (
            ("METRICS_TOKEN", known.metrics_token),
            ("BACKUP_KEY", known.backup_key),
            ("FALLBACK_KEY", known.fallback_key),
            ("TWILIO_SECOND_AUTH_TOKEN", second.auth_token if second else None),
        ):
            if value is not None:
                secrets[name] = value
        local_secrets, files = known.read_local_secrets()
        database = (self.database.engine.url.database or "") if self.database.is_sqlite else ""
        return Deploy(
            is_production=known.is_production,
            has_simulator=known.has_simulator,
            public_base_url=known.public_base_url,
            is_local_account=known.is_local_account,
            secrets=secrets,
            local_secrets=local_secrets,
            rasa_urls=known.rasa_urls,
            is_rasa_open=any(answers_without_token(url) for url in known.rasa_urls),
            is_sqlite=self.database.is_sqlite,
            web_processes=known.web_processes,
            workers=self._living_workers(),
            redis_url=known.redis_url,
            retention={f"RETENTION_{kind}".upper(): days for kind, days in getattr(known, "retention", {}).items()},
            is_limited=known.allowances.is_on,
            is_clock_trusted=known.is_clock_trusted,
            has_demo_accounts=self._has_demo_accounts(),
            fallback_url=known.fallback_base_url,
            has_fallback_file=(known.data_dir / FOLDER / FILE).is_file(),
            private_paths=(*files, *((Path(database),) if database else ()), *sorted(known.root.glob("*.env"))),
        )

    def _living_workers(self) -> int:
        try:
            return living_workers(self.database, self.clock())
        except SQLAlchemyError:
            return 0

    def _has_demo_accounts(self) -> bool:
        query = select(staff_accounts.c.id).where(staff_accounts.c.name.startswith(DEMO_PREFIX)).limit(1)
        try:
            with self.database.read() as connection:
                return connection.execute(query).first() is not None
        except SQLAlchemyError:
            return False
