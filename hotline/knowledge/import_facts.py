"""Facts, articles and sources of an import: each compared with what the hotline has, and checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from hotline.knowledge.exchange_files import CONTROL, SheetRow
from hotline.knowledge.exchange_rows import (
    ARTICLE_FIELDS,
    SOURCE_FIELDS,
    Snapshot,
    article_values,
    fact_values,
    mark_of,
    mark_of_sources,
    source_values,
)
from hotline.knowledge.fact_rows import COLUMNS, parse_fact
from hotline.knowledge.facts import WrongFact
from hotline.knowledge.import_plan import Importer, Place, Plan, PlannedArticle, PlannedFact, twice
from hotline.knowledge.problems import Problem
from hotline.knowledge.starter import AS_OF, OWNER, source_problems

# The column a problem of a fact is about, where the problem itself does not name it.
_COLUMN_OF = {
    "fact_key": "key", "unit": "unit", "number": "value", "date_value": "value", "time_value": "value",
    "confidence": "confidence", "country": "applies_to",
}  # fmt: skip
_FOLLOW_UPS = re.compile(r"[\s,;|]+")


def plan_facts(rows: Sequence[SheetRow], snapshot: Snapshot, importer: Importer, plan: Plan) -> None:
    """Add facts to a plan.

    Args:
        rows: of the sheet.
        snapshot: what the hotline has.
        importer: who proposes them.
        plan: gets what would change, and what is wrong.
    """
    twice(plan, ((row.cells["key"], Place(row.place, row.row)) for row in rows), "key")
    for row in rows:
        place, raw = Place(row.place, row.row), {name: row.cells[name] for name in COLUMNS}
        stored = snapshot.facts.get(raw["key"])
        now = fact_values(stored) if stored else {}
        if raw == now or mark_of(raw.values()) == row.cells["revision"]:
            plan.unchanged += 1
            continue
        try:
            after = fact_values(parse_fact(raw))
        except WrongFact as error:
            values = error.problem.values
            column = _COLUMN_OF.get(error.problem.code) or str(values.get("part") or values.get("name") or "")
            plan.problems.append(place.problem(column, error.problem))
            continue
        waiting = snapshot.waiting.get(raw["key"])
        if after == now or (waiting and dict(waiting.after) == after):
            plan.unchanged += 1
        elif "facts.edit" not in importer.permissions:
            plan.refuse(place, "", "not_permitted_facts")
        elif row.cells["revision"] != (mark_of(now.values()) if now else ""):
            plan.refuse(place, "revision", "moved_away")
        elif waiting:
            plan.refuse(place, "key", "change_waits")
        elif _is_clean(place, raw, plan):
            plan.facts.append(PlannedFact(place, raw))


def plan_articles(
    articles: Sequence[SheetRow], sources: Sequence[SheetRow], snapshot: Snapshot, importer: Importer, plan: Plan
) -> None:
    """Add articles and their sources to a plan. Sources of a topic are replaced together; a topic without a row stays as it is.

    Args:
        articles: rows of their sheet.
        sources: rows of theirs.
        snapshot: what the hotline has.
        importer: who changes them.
        plan: gets what would change, and what is wrong.
    """
    twice(plan, ((row.cells["topic"], Place(row.place, row.row)) for row in articles), "topic")
    by_topic: dict[str, list[SheetRow]] = defaultdict(list)
    for row in sources:
        by_topic[row.cells["topic"]].append(row)
    about = {row.cells["topic"]: row for row in articles}
    for topic in dict.fromkeys([*about, *by_topic]):
        first = about[topic] if topic in about else by_topic[topic][0]
        place = Place(first.place, first.row)
        if topic not in snapshot.topics:
            plan.refuse(place, "topic", "unknown", name=topic)
            continue
        stored = snapshot.articles.get(topic)
        changed_article = _changed_article(about[topic], stored, snapshot, plan) if topic in about else {}
        changed = {**changed_article, **_changed_sources(by_topic.get(topic, []), stored, plan)}
        if not changed:
            continue
        if not changed_article:
            place = Place(by_topic[topic][0].place, by_topic[topic][0].row)
        if "content.approve" not in importer.permissions:
            plan.refuse(place, "", "not_permitted_articles")
            continue
        values = {**_kept(stored), **changed}
        if not values.get("sources"):
            plan.refuse(place, "topic", "no_sources")
        elif set(values) < {*ARTICLE_FIELDS, "sources"}:
            plan.refuse(place, "topic", "no_article")
        else:
            plan.articles.append(PlannedArticle(place, topic, values))


def _kept(stored: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: stored[name] for name in (*ARTICLE_FIELDS, "sources")} if stored else {}


def _changed_article(row: SheetRow, stored: Mapping[str, Any] | None, snapshot: Snapshot, plan: Plan) -> dict[str, Any]:
    """The values of an article that is changed and right, else nothing."""
    place, raw = Place(row.place, row.row), {name: row.cells[name] for name in ARTICLE_FIELDS}
    now = article_values(stored) if stored else {}
    if raw == now or mark_of(raw.values()) == row.cells["revision"]:
        plan.unchanged += 1
        return {}
    if row.cells["revision"] != (mark_of(now.values()) if now else ""):
        plan.refuse(place, "revision", "moved_away")
        return {}
    before = len(plan.problems)
    if not AS_OF.fullmatch(raw["as_of"]):
        plan.refuse(place, "as_of", "as_of")
    valid_until = _day(place, "valid_until", raw["valid_until"], plan)
    follow_ups = [name for name in _FOLLOW_UPS.split(raw["follow_ups"]) if name]
    for name in follow_ups:
        if name not in snapshot.topics:
            plan.refuse(place, "follow_ups", "unknown", name=name)
    _is_clean(place, raw, plan)
    if len(plan.problems) > before:
        return {}
    return {"as_of": raw["as_of"], "valid_until": valid_until, "owner": raw["owner"] or OWNER, "follow_ups": follow_ups}


def _changed_sources(rows: Sequence[SheetRow], stored: Mapping[str, Any] | None, plan: Plan) -> dict[str, Any]:
    """The sources of a topic where they are changed and right, else nothing."""
    now = [source_values(source) for source in stored["sources"]] if stored else []
    raw = [{name: row.cells[name] for name in SOURCE_FIELDS} for row in rows]
    marks = {row.cells["revision"] for row in rows} - {""}
    if not rows or raw == now or {mark_of_sources(raw)} == marks:
        plan.unchanged += len(rows)
        return {}
    if marks != ({mark_of_sources(now)} if now else set()):
        plan.refuse(Place(rows[0].place, rows[0].row), "revision", "moved_away")
        return {}
    before = len(plan.problems)
    for number, (row, source) in enumerate(zip(rows, raw, strict=True), start=1):
        _check_source(Place(row.place, row.row), number, source, plan)
    if len(plan.problems) > before:
        return {}
    return {"sources": [{name: value or None for name, value in source.items()} for source in raw]}


def _check_source(place: Place, number: int, source: Mapping[str, str], plan: Plan) -> None:
    for problem in source_problems(number, source):
        plan.problems.append(place.problem(str(problem.values.get("name", "confidence")), problem))
    if source["url"] and not source["url"].startswith(("https://", "http://")):
        plan.refuse(place, "url", "url", name="url")
    if source["checked_on"]:
        _day(place, "checked_on", source["checked_on"], plan)
    _is_clean(place, source, plan)


def _day(place: Place, column: str, text: str, plan: Plan) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        plan.problems.append(place.problem(column, Problem("day", {"name": column})))
        return None


def _is_clean(place: Place, cells: Mapping[str, str], plan: Plan) -> bool:
    wrong: Iterable[str] = [name for name, text in cells.items() if CONTROL.search(text)]
    for name in wrong:
        plan.refuse(place, name, "control", part=name)
    return not wrong
