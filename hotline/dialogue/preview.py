"""What people would get of an answer: as an SMS, as a longer message, and by ear. For the editors who write it."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.dialogue.definition import Definition
from hotline.dialogue.events import Answered, AnswerPart, Asked, Choice, Event
from hotline.dialogue.rendering import SMS_SEGMENTS, Renderer
from hotline.dialogue.spoken import Utterance
from hotline.knowledge.library import Library

# Options of calls alone that do not name the condition "is_call".
CALLS_ONLY = ("can_text", "differs_by_country")
STEPS: dict[AnswerPart, str] = {"short": "answer.after", "full": "answer.after_more"}


@dataclass(frozen=True)
class Preview:
    """The written messages and the sentences of a call, with the keys that follow."""

    short: str
    full: str
    spoken_short: tuple[Utterance, ...]
    spoken_full: tuple[Utterance, ...]


def preview_answer(topic: str, language: str, library: Library, renderer: Renderer, definition: Definition) -> Preview:
    """Render an answer as a turn would.

    Args:
        topic: slug.
        language: code.
        library: holds the answer, maybe as a draft.
        renderer: words of every language.
        definition: the flows, for the keys under an answer.

    Raises:
        TextMissing: the language has no prompts yet.
    """

    def events(part: AnswerPart, other: str = "is_call") -> list[Event]:
        step = definition.steps[STEPS[part]]
        left_out = {other, *(CALLS_ONLY if other == "is_call" else ())}
        if topic not in definition.country_asked:
            left_out.add("differs_by_country")
        options = (option for option in step.options if option.when not in left_out)
        choices = tuple(Choice(option.key, "text", option.label, option.go, option.if_fits) for option in options)
        return [Answered(topic, part), Asked(step.name, step.say[0], choices, step.listens)]

    return Preview(
        short=renderer.write(events("short"), language, library, (), SMS_SEGMENTS),
        full=renderer.write(events("full"), language, library),
        spoken_short=renderer.speak(events("short", "is_written"), language, library).utterances,
        spoken_full=renderer.speak(events("full", "is_written"), language, library).utterances,
    )
