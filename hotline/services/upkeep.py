"""What operators work with: figures, health, the signs of life of workers."""

from __future__ import annotations

from functools import cached_property

from hotline.dialogue.turn import TurnSeen
from hotline.privacy.key_check import check_keys
from hotline.services.core import CoreServices
from hotline.store.clock import check_clock
from hotline.understanding.local_server import answers
from hotline.upkeep.health import Part, Surroundings, look_at_everything
from hotline.upkeep.heartbeat import Heartbeat
from hotline.upkeep.metrics import HotlineCollector, Meter


class UpkeepServices(CoreServices):
    """Everything an operator looks at."""

    @cached_property
    def meter(self) -> Meter:
        """Counts what happens."""
        return Meter(self.tally)

    def count_turn(self, seen: TurnSeen) -> None:
        """Count a turn."""
        self.meter.count_turn(seen.channel, seen.language, seen.outcome, seen.danger)

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
                ask_rasa=lambda: answers(self.settings.rasa_url),
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
