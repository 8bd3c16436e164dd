"""The call as a diagram, and what each language has on the phone: Markdown for docs/voice.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby

from hotline.dialogue.definition import Definition, Step
from hotline.telephony.languages import Language

# This page knows no database; a figure of it would be false in every other place.
MADE_HERE = (
    "The last column counts what lies in the folder `recordings`. What people record in the studio differs from place to place:\n"
    "*Studio → Recordings* shows for each language and sentence whether a person speaks it, Twilio's voice, espeak-ng, or nobody."
)
WRITTEN_ONLY = "is_written"
_SHAPES: Mapping[str, tuple[str, str]] = {"ask": ("([", "])"), "check": ("{", "}"), "end": ("((", "))")}


def call_diagrams(definition: Definition, label: Callable[[str], str]) -> str:
    """One Mermaid diagram of how the flows hang together, and one of the steps of each flow.

    Args:
        definition: the flows.
        label: gives the words of a text key.

    Returns:
        Markdown. Options for writing alone are left out.
    """
    by_flow = groupby(sorted(definition.steps.values(), key=lambda step: step.name), key=lambda step: _flow(step.name))
    flows = {flow: tuple(steps) for flow, steps in by_flow}
    parts = ["### How the flows hang together", *_mermaid(_between(definition, flows))]
    for flow, steps in flows.items():
        parts += [f"### {flow}", *_mermaid(_within(steps, label))]
    return "\n".join(parts)


def language_table(languages: Iterable[Language], recorded: Mapping[str, int]) -> str:
    """What each language has on the phone, as a Markdown table.

    Args:
        languages: of the catalogue.
        recorded: code -> how many human recordings come with the program.
    """
    rows = ["| language | keys | on offer | voice | speech recognised | human recordings shipped |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {one.name_en} ({one.code}) | {one.phone_code} | {'yes' if one.is_live else 'no'} | {_voice(one)} "
        f"| {one.gather_code or 'no: keys only'} | {recorded.get(one.code, 0) or 'none'} |"
        for one in languages
    ]
    return "\n".join([*rows, "", MADE_HERE])


def _voice(language: Language) -> str:
    if language.say_voice:
        return f"Twilio, {language.say_voice}"
    return f"sounds, made with espeak-ng {language.espeak_voice}" if language.espeak_voice else "human recordings only"


def _mermaid(lines: Iterable[str]) -> list[str]:
    return ["```mermaid", "flowchart LR", *(f"  {line}" for line in lines), "```"]


def _between(definition: Definition, flows: Mapping[str, tuple[Step, ...]]) -> Iterator[str]:
    yield f"call((call)) --> {_flow(definition.start['voice'])}_"
    yield from (f"{flow}_[{flow}]" for flow in flows)
    ways = {(flow, _flow(target)) for flow, steps in flows.items() for step in steps for _, target in _ways(step)}
    yield from (f"{flow}_ --> {other}_" for flow, other in sorted(ways) if other in flows and other != flow)


def _within(steps: Iterable[Step], label: Callable[[str], str]) -> Iterator[str]:
    for step in steps:
        opened, closed = _SHAPES.get(step.kind, ("[", "]"))
        yield f'{_id(step.name)}{opened}"{step.name}<br>{_does(step)}"{closed}'
        for way, target in _ways(step):
            words = " ".join(part if part.startswith("key ") or not part.startswith("option.") else label(part) for part in way)
            arrow = f'-- "{words}" -->' if words else "-->"
            yield f"{_id(step.name)} {arrow} {_id(target)}"


def _does(step: Step) -> str:
    listed = f", list of {step.options_from.replace('_', ' ')}" if step.options_from else ""
    condition = f" {step.condition.replace('_', ' ')}?" if step.condition else ""
    return f"{step.kind.replace('_', ' ')}{condition}{listed}"


def _ways(step: Step) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a caller comes to from a step: (why, step)."""
    if step.kind == "check":
        yield ("yes",), step.go or ""
        yield ("no",), step.next or ""
        return
    if step.next is not None:
        yield (), step.next
    if step.go is not None:
        yield ("one of the list",), step.go
    if silent := step.waits or step.silence:
        yield ("silence",), silent
    for option in step.options:
        if option.when != WRITTEN_ONLY:
            yield (f"key {option.key}:", option.label), option.go


def _flow(step: str) -> str:
    return step.partition(".")[0]


def _id(step: str) -> str:
    # "end" and the like are words of Mermaid.
    return step.replace(".", "_") + "_"
