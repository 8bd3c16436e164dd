"""What was heard: an inbound event, read in the light of what was asked before it. Pure."""

from __future__ import annotations

from hotline.dialogue import days
from hotline.dialogue.data_desk import CONFIRMED_AT, WISHES_ABOUT_DATA
from hotline.dialogue.definition import Step
from hotline.dialogue.events import Heard, Meaning
from hotline.dialogue.inputs import InboundCallStep, InboundText, read_postcode, read_thumb
from hotline.dialogue.session import Session

REPEAT_KEY = "#"
# What is shorter is no telephone number; nobody needs a longer alias.
FEWEST_DIGITS, LONGEST_ALIAS = 6, 40


def heard_on_the_phone(asked: Step | None, step: InboundCallStep, session: Session, meaning: Meaning) -> Heard:
    """What a caller did.

    Args:
        asked: the question at hand, if any.
        step: of the call.
        session: where the conversation stands.
        meaning: of what was said.
    """
    if step.start or not session.step:
        return Heard("start", start=step.start or "voice")
    is_collecting = asked is not None and asked.collects is not None
    if step.digits and asked is not None and asked.options_from == "languages":
        # A key pressed twice is that key; two others are the code of a language.
        is_key = len(set(step.digits)) == 1 or not step.digits.isdigit()
        return Heard("key", key=step.digits[:1]) if is_key else Heard("digits", key=step.digits)
    if step.digits:
        is_key = len(step.digits) == 1 or not is_collecting
        return Heard("key", key=step.digits[:1]) if is_key else Heard("digits", key=step.digits)
    if step.speech and asked is not None and asked.collects == "number" and not meaning.danger:
        # Also with words around it, and unclear ones: every number is read back.
        number = "".join(sign for sign in step.speech if sign.isdigit() or sign == "+")
        if len(number) >= FEWEST_DIGITS:
            return Heard("digits", key=number)
    if step.speech and asked is not None and is_collecting and step.is_clear and (figures := _figures(asked, step.speech)):
        return Heard("digits", key=figures)
    return Heard("words", meaning=meaning) if step.speech else Heard("silence")


def heard_in_writing(asked: Step | None, text: InboundText, session: Session, meaning: Meaning, key: str | None) -> Heard:
    """What somebody wrote.

    Args:
        asked: the question at hand, if any.
        text: the message.
        session: where the conversation stands.
        meaning: of the message.
        key: what the message is when it is nothing but a key.
    """
    collected = _collected(asked, text, meaning) if key is None else None
    if collected is not None:
        return collected
    if postcode := read_postcode(text.body):
        return Heard("digits", key=postcode)
    if thumb := read_thumb(text.body):
        return Heard("words", meaning=Meaning(wish=thumb))
    if text.body.strip() and key is None:
        return Heard("words", meaning=meaning)
    if not session.step:
        # A key or an empty message answers nothing at the start of a conversation.
        return Heard("start", start="text")
    if key is not None:
        return Heard("key", key=key)
    return Heard("key", key=REPEAT_KEY) if text.has_media else Heard("silence")


def is_about_data(session: Session, meaning: Meaning, key: str | None) -> bool:
    """Whether a text is about the person's data, which is the machine's, whoever has the conversation."""
    is_confirmed = session.step == CONFIRMED_AT and (key in ("1", "2") or meaning.wish in ("yes", "no"))
    return meaning.danger is None and (meaning.wish in WISHES_ABOUT_DATA or is_confirmed)


def _figures(asked: Step, said: str) -> str | None:
    """The figures of a day that was asked for, or of a postcode; None when something else was said."""
    return days.read_digits(said) if asked.collects == "day" else read_postcode(said)


def _collected(asked: Step | None, text: InboundText, meaning: Meaning) -> Heard | None:
    """A telephone number, a day in figures or an alias that was asked for; None when the text is something else."""
    if asked is None or not text.body.strip() or meaning.danger or meaning.wish or meaning.language_named:
        return None
    if asked.collects == "number" and sum(sign.isdigit() for sign in text.body) >= FEWEST_DIGITS:
        return Heard("digits", key=text.body)
    if asked.collects == "day" and (figures := days.read_digits(text.body)):
        return Heard("digits", key=figures)
    return Heard("alias", key=text.body.strip()[:LONGEST_ALIAS]) if asked.collects == "alias" else None
