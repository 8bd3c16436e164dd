"""Reads ``ivr_flows/*.yml`` into a flow definition and finds what is wrong with it, one clear sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml

from hotline.dialogue.days import DAY_DIGITS
from hotline.dialogue.definition import (
    CentresPart,
    CodePart,
    Collected,
    Condition,
    CountryPlace,
    DataDeed,
    Definition,
    Kept,
    Limits,
    Option,
    OptionSource,
    Rating,
    SafeTimes,
    Sent,
    Step,
    StepKind,
)
from hotline.dialogue.events import AnswerPart
from hotline.dialogue.flow import BUILT_IN
from hotline.dialogue.inputs import CODE_DIGITS
from hotline.dialogue.offers import LANGUAGE_DIGITS
from hotline.errors import CannotStart
from hotline.knowledge.places import POSTCODE_DIGITS
from hotline.yaml_file import NotUtf8, read_yaml

FRAME_FILE = "hotline.yml"
ROUTES = frozenset(
    {
        "danger", "deadline", "question", "hand_over", "confirm", "not_understood", "gave_up", "wrong_key", "nothing_heard",
        "no_answer", "unknown_language", "language_not_live", "language_chosen", "place", "place_not_known",
        "code_found", "code_unknown", "code_slowed",
        "number", "number_not_known", "alias", "use_keys", "use_keys_here",
        "country", "country_not_known", "day", "day_not_known", "day_impossible",
    }
)  # fmt: skip
WISHES = frozenset(
    {
        "person", "callback", "erase_my_data", "menu", "language", "greet", "who_are_you", "thank", "goodbye", "back", "repeat",
        "more", "yes", "no", "helpful", "unhelpful", "show_my_data", "continue", "withdraw",
    }
)  # fmt: skip
KINDS: tuple[str, ...] = get_args(StepKind)
STEP_KEYS = frozenset({*KINDS, "next", "go", "options", "options_from", "listens", "collects", "digits", "waits", "silence"})
# A list whose choices lead to the step that `go` names.
LISTS_THAT_GO = ("lands", "topics", "countries")
# What holds in calls alone: a key that has one of these may have another meaning in writing.
IN_CALLS = {"is_call", "can_text"}
PHONE_DIGITS = 16
# Keys of a step whose value is one of a few words.
VALUES: Mapping[str, tuple[object, ...]] = {
    "options_from": get_args(OptionSource),
    "answer": get_args(AnswerPart),
    "check": get_args(Condition),
    "centres": get_args(CentresPart),
    "rate": get_args(Rating),
    "callback": get_args(SafeTimes),
    "data": get_args(DataDeed),
    "read_back": ("place", "number", "country", "day"),
    "code": get_args(CodePart),
    "collects": get_args(Collected),
    "withdraw": ("all",),
    "record": ("message",),
    "pace": ("slow",),
    "send": get_args(Sent),
    "keep": get_args(Kept),
    "digits": (1, LANGUAGE_DIGITS, POSTCODE_DIGITS, CODE_DIGITS, DAY_DIGITS, PHONE_DIGITS),
}


class BrokenFlow(CannotStart):
    """A flow file cannot be used. The message names the file, the place and the remedy."""


def load_flows(folder: Path) -> Definition:
    """Read all flow files of a folder.

    Args:
        folder: holds ``hotline.yml`` (the frame) and one file a flow.

    Returns:
        The definition the engine runs on. ``find_problems`` tells whether it hangs together.

    Raises:
        BrokenFlow: a file is missing, is no YAML or misses a key.
    """
    frame = _read(folder / FRAME_FILE)
    steps: dict[str, Step] = {}
    for path in sorted(folder.glob("*.yml")):
        if path.name != FRAME_FILE:
            for step in _steps(path, _read(path)):
                steps[step.name] = step
    try:
        return Definition(
            steps=steps,
            start=_strings(frame["start"]),
            keys=_strings(frame["keys"]),
            wishes=_strings(frame["wishes"]),
            routes=_strings(frame["routes"]),
            limits=Limits(**{name: int(value) for name, value in frame["limits"].items()}),
            topics=_strings(frame.get("topics", {})),
            country_topics=_strings(frame.get("country_topics", {})),  # type: ignore[arg-type]
            country_asked=frozenset(map(str, frame.get("country_asked", []))),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise BrokenFlow(f"{folder / FRAME_FILE}: needs start, keys, wishes, routes and limits as mappings ({error}).") from error


def _strings(mapping: Mapping[Any, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in mapping.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        raise BrokenFlow(f"{path} is missing. Restore it from the repository.") from None
    except NotUtf8 as error:
        raise BrokenFlow(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        raise BrokenFlow(f"{path}{line}: this is not valid YAML. Check the indentation and quotes there.") from error
    if not isinstance(content, dict):
        raise BrokenFlow(f"{path}: must be a mapping with the keys `flow` and `steps`.")
    return content


def _steps(path: Path, content: Mapping[str, Any]) -> Iterable[Step]:
    flow, steps = content.get("flow"), content.get("steps")
    if not isinstance(flow, str) or not isinstance(steps, dict):
        raise BrokenFlow(f"{path}: must have `flow: <name>` and `steps:` with one entry a step.")
    for name, raw in steps.items():
        yield _step(path, f"{flow}.{name}", raw)


def _step(path: Path, name: str, raw: Any) -> Step:
    if not isinstance(raw, dict):
        raise BrokenFlow(f"{path}: step {name} must be a mapping.")
    unknown = set(raw) - STEP_KEYS
    if unknown:
        raise BrokenFlow(f"{path}: step {name} has the unknown key {sorted(map(str, unknown))[0]!r}; use {sorted(STEP_KEYS)}.")
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) != 1:
        raise BrokenFlow(f"{path}: step {name} must have exactly one of {', '.join(KINDS)}.")
    kind = kinds[0]
    for key, allowed in VALUES.items():
        if key in raw and raw[key] not in allowed:
            raise BrokenFlow(f"{path}: step {name}: {key} must be {_one_of(allowed)}.")
    says = raw[kind] if kind in ("say", "ask") else []
    return Step(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        say=tuple(says) if isinstance(says, list) else (str(says),),
        next=raw.get("next"),
        options=_options(path, name, raw.get("options", [])),
        options_from=raw.get("options_from"),
        listens=bool(raw.get("listens", False)),
        part=raw["answer"] if kind == "answer" else "short",
        reason=str(raw["handoff"]) if kind == "handoff" else "",
        condition=raw.get("check"),
        go=raw.get("go"),
        collects=raw.get("collects"),
        read_back=raw.get("read_back", "place"),
        waits=raw.get("waits"),
        silence=raw.get("silence"),
        digits=raw.get("digits", 1),
        centres=raw.get("centres", "first"),
        rating=raw.get("rate", "helpful"),
        safe_times=raw.get("callback", "any"),
        deed=raw.get("data", "show"),
        code=raw.get("code", "give"),
        kept=raw.get("keep", "country"),
        sent=raw.get("send", "answer"),
    )


def _one_of(words: Sequence[object]) -> str:
    parted = ", ".join(map(str, words)) if len(words) > 2 else " or ".join(map(str, words))
    return f"one of {parted}" if len(words) > 2 else parted


def _options(path: Path, name: str, raw: Any) -> tuple[Option, ...]:
    try:
        options = tuple(
            Option(
                key=str(item["key"]),
                label=str(item["label"]),
                go=str(item["go"]),
                when=item.get("when"),
                wish=str(item.get("wish", "")),
                if_fits=bool(item.get("if_fits", False)),
                first=bool(item.get("first", False)),
            )
            for item in raw
        )
    except (KeyError, TypeError, AttributeError):
        raise BrokenFlow(f"{path}: step {name}: each option needs key, label and go.") from None
    for option in options:
        if option.when is not None and option.when not in get_args(Condition):
            raise BrokenFlow(f"{path}: step {name}: when must be {_one_of(get_args(Condition))}.")
        if option.wish and option.wish not in WISHES:
            raise BrokenFlow(f"{path}: step {name}: {option.wish!r} is no wish; put it in quotes?")
    return options


def text_keys(definition: Definition) -> set[str]:
    """All text keys the flows say."""
    said = {key for step in definition.steps.values() for key in step.say}
    return said | {option.label for step in definition.steps.values() for option in step.options}


def find_topic_problems(definition: Definition, topics: Container[str]) -> list[str]:
    """Topics the frame names and nobody knows: a slip of the pen would leave their steps or their country unsaid."""
    named = {
        "topics": definition.topics,
        "country_topics": definition.country_topics,
        "country_asked": sorted(definition.country_asked),
    }
    return [
        f"hotline.yml: {place}: {topic!r} is no topic of topics.csv."
        for place, found in named.items()
        for topic in found
        if topic not in topics
    ]


def find_problems(definition: Definition) -> list[str]:
    """Dead ends, unknown steps, unreachable steps, doubled keys and circles without a question, one sentence each."""
    problems = [f"hotline.yml: the route {name!r} is missing." for name in sorted(ROUTES - set(definition.routes))]
    problems += [f"hotline.yml: {name!r} is no route." for name in sorted(set(definition.routes) - ROUTES)]
    problems += [f"hotline.yml: the wish {name!r} is missing." for name in sorted(WISHES - set(definition.wishes))]
    # An unquoted yes or no is no word in YAML.
    problems += [f"hotline.yml: {name!r} is no wish; put it in quotes?" for name in sorted(set(definition.wishes) - WISHES)]
    problems += [
        f"hotline.yml: start needs {name!r}."
        for name in ("voice", "text", "number", "preset", "after_talk", "after_message")
        if name not in definition.start
    ]
    for step in definition.steps.values():
        problems += _step_problems(definition, step)
    problems += [
        f"hotline.yml: country_topics: {topic!r} must be {' or '.join(get_args(CountryPlace))}."
        for topic, place in definition.country_topics.items()
        if place not in get_args(CountryPlace)
    ]
    frame = {**definition.start, **definition.keys, **definition.wishes, **definition.routes, **definition.topics}
    problems += [
        f"hotline.yml: {name!r} leads to {target!r}, which is no step."
        for name, target in frame.items()
        if target not in definition.steps and target not in BUILT_IN
    ]
    reached = _reachable(definition, frame.values())
    problems += [f"{name}: no way leads here." for name in sorted(set(definition.steps) - reached)]
    return problems + _circles(definition)


def _step_problems(definition: Definition, step: Step) -> list[str]:
    problems = []
    targets = [option.go for option in step.options] + _ways(step)
    problems += [
        f"{step.name}: leads to {target!r}, which is no step."
        for target in targets
        if target not in definition.steps and target not in BUILT_IN
    ]
    if step.kind not in ("ask", "end") and step.next is None:
        problems.append(f"{step.name}: dead end, needs `next`.")
    if (step.kind == "check" or step.options_from in LISTS_THAT_GO) != (step.go is not None):
        problems.append(
            f"{step.name}: `go` is needed at a check and at a list of Laender, topics or countries, and nowhere else."
        )
    if step.digits != 1 and not step.collects and step.options_from != "languages":
        problems.append(f"{step.name}: more digits than one key are collected only with `collects`.")
    if step.kind in ("ask", "end") and step.next is not None:
        problems.append(f"{step.name}: `{step.kind}` waits or ends, so `next` is never reached; remove it.")
    if step.kind == "ask" and not (step.options or step.options_from or step.listens):
        problems.append(f"{step.name}: dead end, a question needs options or `listens: true`.")
    if step.kind == "ask" and len(step.say) != 1:
        problems.append(f"{step.name}: a question needs exactly one text key.")
    return problems + [f"{step.name}: the key {key!r} is given twice." for key in _doubled_keys(step)]


def _doubled_keys(step: Step) -> list[str]:
    """Keys that two options have at the same time; one for calls and one for writing never meet."""
    keys = Counter(option.key for option in step.options)
    meant = {key: {option.when for option in step.options if option.key == key} for key in keys}
    apart = {key for key, when in meant.items() if "is_written" in when and when & IN_CALLS}
    return sorted(key for key, number in keys.items() if number > (2 if key in apart else 1))


def _ways(step: Step) -> list[str]:
    """Where a step leads besides its options."""
    return [target for target in (step.next, step.go, step.waits, step.silence) if target]


def _reachable(definition: Definition, roots: Iterable[str]) -> set[str]:
    waiting, reached = list(roots), set[str]()
    while waiting:
        step = definition.steps.get(waiting.pop())
        if step is None or step.name in reached:
            continue
        reached.add(step.name)
        waiting += [option.go for option in step.options]
        waiting += _ways(step)
    return reached


def _circles(definition: Definition) -> list[str]:
    """Steps that lead back to themselves without a question between."""
    following: dict[str, list[str]] = {}
    for step in definition.steps.values():
        targets = (step.next, step.go if step.kind == "check" else None)
        following[step.name] = [target for target in targets if target is not None and target in definition.steps]
    problems = []
    for start in following:
        waiting, seen = list(following[start]), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += following[name]
        if start in seen:
            problems.append(f"{start}: runs in a circle without asking anything.")
    return problems
