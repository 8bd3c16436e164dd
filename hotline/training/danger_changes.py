"""How a danger rule changes: one person proposes it, a check counts what it does, another approves it, and it holds at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from hotline.dialogue.safety import CATEGORIES, BrokenDangerRule, read_categories
from hotline.knowledge.problems import Problem, Refused
from hotline.privacy.audit import note_action
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import danger_changes
from hotline.training.danger_check import DangerCheck, Figures
from hotline.training.danger_watch import ADD, APPROVED, DANGER_REVISION, REMOVE, RuleChange, approved_changes

PROPOSED, REJECTED = "proposed", "rejected"
LONGEST_RULE = 2000
_PARTS = re.compile(r"\|| [+-] ")


@dataclass(frozen=True)
class DangerChange:
    """One proposed or decided change."""

    id: int
    language: str
    category: str
    rule: str
    kind: str
    state: str
    figures: Mapping[str, Any]
    author: str
    approver: str | None
    proposed_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Rule:
    """One rule as the studio shows it."""

    category: str
    text: str
    is_added: bool
    is_muted: bool


def _now() -> datetime:
    return datetime.now(UTC)


class DangerEditing:
    """Lists rules, proposes and decides changes."""

    def __init__(
        self, database: Database, folder: Path, check: Callable[[], DangerCheck], clock: Callable[[], datetime] = _now
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the changes are.
            folder: of the rule files.
            check: gives what counts; the net behind it takes seconds to read.
            clock: gives aware UTC.
        """
        self._database = database
        self._folder = folder
        self._check = check
        self._clock = clock

    def rules(self, connection: Connection, language: str, category: str = "", wanted: str = "") -> list[Rule]:
        """The rules of a language: those of the studio first, then those of its file."""
        last = {change.mark: change for change in approved_changes(connection) if change.language == language}
        in_file = self._in_file(language)
        known = {RuleChange(language, item, text, ADD).mark for item, texts in in_file.items() for text in texts}
        added = [
            Rule(change.category, change.rule, is_added=True, is_muted=change.kind == REMOVE)
            for mark, change in last.items()
            if mark not in known
        ]
        of_file = [
            Rule(item, text, is_added=False, is_muted=mark in last and last[mark].kind == REMOVE)
            for item, texts in in_file.items()
            for text in texts
            for mark in (RuleChange(language, item, text, ADD).mark,)
        ]
        return [
            rule
            for rule in (*reversed(added), *of_file)
            if category in ("", rule.category) and wanted.casefold() in rule.text.casefold()
        ]

    def propose(self, language: str, category: str, rule: str, kind: str, author: str) -> DangerChange:
        """Propose that a rule be there, or be there no more.

        Raises:
            Refused: the rule cannot be used, changes nothing, waits already, or does harm to known texts; the last says how much.
        """
        wanted = RuleChange(language, category, " ".join(rule.split()), kind)
        if category not in CATEGORIES or kind not in (ADD, REMOVE) or not wanted.rule or len(rule) > LONGEST_RULE:
            raise Refused("danger_rule")
        with self._database.read() as connection:
            self._expect_change(connection, wanted)
            holding = approved_changes(connection)
        figures = self._count(holding, wanted)
        values = {**vars(wanted), "state": PROPOSED, "figures": figures.to_dict(), "author": author}
        with self._database.begin() as connection:
            self._expect_change(connection, wanted)
            now = self._clock()
            new_id = insert_returning_id(connection, danger_changes, {**values, "proposed_at": now})
            note_action(connection, author, f"danger.{kind}", f"danger change {new_id}", now)
            return _get(connection, new_id)

    def approve(self, change_id: int, approver: str) -> DangerChange:
        """Make a change hold for everybody at the next turn; it is counted again, for others may have changed meanwhile.

        Raises:
            Refused: author and approver are the same, it is decided already, or it would do harm now.
        """
        with self._database.read() as connection:
            change = _get(connection, change_id)
            holding = approved_changes(connection)
        if change.author == approver:
            raise Refused("two_people")
        figures = self._count(holding, RuleChange(change.language, change.category, change.rule, change.kind))
        return self._decide(change_id, APPROVED, approver, figures)

    def reject(self, change_id: int, approver: str) -> DangerChange:
        """Leave the rules as they are; an author may take back their own proposal this way."""
        return self._decide(change_id, REJECTED, approver, None)

    def waiting(self, connection: Connection) -> list[DangerChange]:
        """Changes that wait for approval."""
        return _find(connection, danger_changes.c.state == PROPOSED)

    @staticmethod
    def author_of(connection: Connection, change_id: int) -> str | None:
        """Who proposed a change; None when there is no such change."""
        return connection.execute(select(danger_changes.c.author).where(danger_changes.c.id == change_id)).scalar()

    def history(self, connection: Connection, language: str) -> list[DangerChange]:
        """The decided changes of a language, newest first."""
        return _find(connection, danger_changes.c.state != PROPOSED, danger_changes.c.language == language)

    def _in_file(self, language: str) -> Mapping[str, list[str]]:
        path = self._folder / f"{language}.yml"
        if not path.exists():
            return {}
        # Idioms are no category of danger; they are kept in the files.
        return {name: [str(rule) for rule in rules] for name, rules in read_categories(path).items() if name in CATEGORIES}

    def _expect_change(self, connection: Connection, wanted: RuleChange) -> None:
        rules = self.rules(connection, wanted.language, wanted.category)
        same = [rule for rule in rules if RuleChange(wanted.language, rule.category, rule.text, ADD).mark == wanted.mark]
        if not same and not all(piece.strip(" *") for piece in _PARTS.split(f" {wanted.rule} ")):
            raise Refused("danger_rule")
        is_there = any(not rule.is_muted for rule in same)
        if is_there == (wanted.kind == ADD):
            raise Refused("unchanged") if is_there else Refused("unknown", name=wanted.rule)
        waiting = self.waiting(connection)
        if any(RuleChange(item.language, item.category, item.rule, ADD).mark == wanted.mark for item in waiting):
            raise Refused("change_waits")

    def _count(self, holding: list[RuleChange], wanted: RuleChange) -> Figures:
        try:
            figures = self._check().count(holding, wanted)
        except BrokenDangerRule:
            raise Refused("danger_rule") from None
        if not figures.is_harmless:
            found = [*(("danger_lost", text) for text in figures.lost), *(("danger_raised", text) for text in figures.raised)]
            raise Refused(
                "danger_harm", tuple(Problem(code, {"text": text}) for code, text in found),
                dangers=figures.dangers, found_before=figures.found_before, found_after=figures.found_after,
                calm=figures.calm, raised_before=figures.raised_before, raised_after=figures.raised_after,
            )  # fmt: skip
        return figures

    def _decide(self, change_id: int, state: str, approver: str, figures: Figures | None) -> DangerChange:
        with self._database.begin() as connection:
            now = self._clock()
            values: dict[str, Any] = {"state": state, "approver": approver, "decided_at": now}
            if figures is not None:
                values["figures"] = figures.to_dict()
            # Of two who decide at once, only the first finds it open.
            still_open = danger_changes.c.id == change_id, danger_changes.c.state == PROPOSED
            if not connection.execute(update(danger_changes).where(*still_open).values(**values)).rowcount:
                raise Refused("decided")
            count(self._database, connection, DANGER_REVISION)
            note_action(connection, approver, f"danger.{state}", f"danger change {change_id}", now)
            return _get(connection, change_id)


def _get(connection: Connection, change_id: int) -> DangerChange:
    found = _find(connection, danger_changes.c.id == change_id)
    if not found:
        raise Refused("unknown", name=f"change {change_id}")
    return found[0]


def _find(connection: Connection, *conditions: Any) -> list[DangerChange]:
    columns = [danger_changes.c[name] for name in DangerChange.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(*conditions).order_by(danger_changes.c.id.desc()))
    return [DangerChange(*row) for row in rows]
