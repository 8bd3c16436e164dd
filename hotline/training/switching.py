"""Going live: the understanding process takes another model without a pause, and one click takes the one before again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3
from sqlalchemy import Connection, select

from hotline.knowledge.problems import Refused
from hotline.privacy.audit import note_action
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import model_switches
from hotline.training.trainings import OPEN, READY, Trainings
from hotline.understanding.models import ModelShelf
from hotline.understanding.port import STARTER_MODEL

KEPT = 5
# The model is read beside the one that answers, on a busy machine for a while.
SWAP_SECONDS = 120.0


@dataclass(frozen=True)
class Switch:
    """Which model went live, by whom, when."""

    model: str
    actor: str
    switched_at: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class ModelSwitch:
    """Puts models live and keeps the last few."""

    def __init__(
        self,
        database: Database,
        shelf: ModelShelf,
        trainings: Trainings,
        rasa: tuple[Sequence[str], str],
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the switches are noted.
            shelf: where the models are.
            trainings: what came of them.
            rasa: addresses of the understanding processes, and their token.
            clock: gives aware UTC.
        """
        self._database = database
        self._shelf = shelf
        self._trainings = trainings
        self._urls, self._token = rasa
        self._clock = clock

    def go_live(self, model: str, actor: str) -> bool:
        """Put a model live.

        Args:
            model: its name.
            actor: account.

        Returns:
            Whether every understanding process has taken it; else one takes it at its next start.

        Raises:
            Refused: there is no such model, it is below a floor or live already, or an understanding process cannot read it.
        """
        with self._database.read() as connection:
            training = self._trainings.get(connection, int(model)) if model.isdecimal() else None
        if not self._shelf.has(model) or (model != STARTER_MODEL and (training is None or training.state != READY)):
            raise Refused("model_not_ready", name=model)
        if model == self._shelf.live():
            raise Refused("model_is_live")
        is_taken = self._hand_to_all(model)
        self._shelf.set_live(model)
        with self._database.begin() as connection:
            now = self._clock()
            insert_returning_id(connection, model_switches, {"model": model, "actor": actor, "switched_at": now})
            note_action(connection, actor, "model.go_live", f"model {model}", now)
        return is_taken

    def before(self, connection: Connection) -> str | None:
        """The model that was live before the live one and can be live again; None when there is none."""
        live = self._shelf.live()
        earlier = [switch.model for switch in self.history(connection)] + [STARTER_MODEL]
        if live in earlier:
            earlier = earlier[earlier.index(live) :]
        return next((name for name in earlier if name != live and self._shelf.has(name)), None)

    def go_back(self, actor: str) -> tuple[str, bool]:
        """Put the model before live.

        Returns:
            Its name, and what ``go_live`` returns.

        Raises:
            Refused: there is none; or see ``go_live``.
        """
        with self._database.read() as connection:
            name = self.before(connection)
        if name is None:
            raise Refused("model_none_before")
        return name, self.go_live(name, actor)

    def history(self, connection: Connection) -> list[Switch]:
        """Every switch, newest first."""
        columns = [model_switches.c[name] for name in Switch.__dataclass_fields__]
        return [Switch(*row) for row in connection.execute(select(*columns).order_by(model_switches.c.id.desc()))]

    def clear(self) -> None:
        """Take off the shelf what cannot go live, and the oldest models; the live one and the one before always stay."""
        with self._database.read() as connection:
            states = {training.model: training.state for training in self._trainings.all(connection)}
            spared = {self._shelf.live(), self.before(connection)}
        names = [name for name in self._shelf.names() if states.get(name) not in OPEN]
        ready = [name for name in names if states.get(name) == READY]
        for name in set(names) - set(ready[-KEPT:]) - spared:
            self._shelf.remove(name)

    def _hand_to_all(self, model: str) -> bool:
        """One after the other: the rest answer meanwhile. Where one refuses, those before it take the live model again."""
        taken: list[str] = []
        try:
            for url in self._urls:
                if self._hand_over(url, model):
                    taken.append(url)
        except Refused:
            for url in taken:
                with suppress(Refused):
                    self._hand_over(url, self._shelf.live())
            raise
        return len(taken) == len(self._urls)

    def _hand_over(self, url: str, model: str) -> bool:
        try:
            answer = urllib3.request(
                "PUT", f"{url}/live?token={self._token}", body=json.dumps({"model": model}), retries=False,
                headers={"Content-Type": "application/json"}, timeout=urllib3.Timeout(connect=2.0, read=SWAP_SECONDS),
            )  # fmt: skip
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            return False
        except urllib3.exceptions.HTTPError:
            raise Refused("model_not_taken") from None
        if answer.status != 200:
            raise Refused("model_not_taken")
        return True
