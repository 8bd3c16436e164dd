"""What comes into a turn, whatever channel it took. The web room makes these from webhooks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from hotline.knowledge.places import POSTCODE_DIGITS
from hotline.understanding.folding import fold

# What people put between and around the figures of a postcode.
THUMB_UP, THUMB_DOWN = "👍", "👎"
# Colours of skin, the mark that asks for a picture, spaces.
_THUMB_MARKS = frozenset("🏻🏼🏽🏾🏿\ufe0f \n")
_PARTING = str.maketrans("", "", " .,-")
# A continuation code: longer than a postcode, short enough to be noted on a hand.
CODE_DIGITS = 6
LONGEST_WITH_CODE = 100
_DIGITS_AT_END = re.compile(r"(?P<words>.*?)(?P<digits>\d[\d .,:-]*)$", re.DOTALL)


@dataclass(frozen=True)
class InboundText:
    """A written message. ``event_key`` is the provider's id of it; numbers are E.164."""

    event_key: str
    channel: Literal["sms", "whatsapp", "webchat"]
    sender: str = field(repr=False)
    recipient: str
    body: str = field(repr=False)
    has_media: bool = False
    opt_out: Literal["stop", "start", "help"] | None = None


@dataclass(frozen=True)
class InboundCallStep:
    """One step of a call: its start, keys, speech or silence. ``caller`` is None when the number is withheld."""

    event_key: str
    call_sid: str
    caller: str | None = field(repr=False)
    called: str
    digits: str | None = field(default=None, repr=False)
    speech: str | None = field(default=None, repr=False)
    # Whether the speech recognition was sure of what it wrote down.
    is_clear: bool = True
    # Where a call begins, or goes on after a talk with a counsellor: a start of the flows.
    start: str = ""
    # A message that was recorded: the provider's Sid and its seconds.
    recording: tuple[str, int] | None = None

    @property
    def is_first(self) -> bool:
        """Whether the call begins with this step."""
        return self.event_key == f"{self.call_sid}:0"


def read_postcode(body: str) -> str | None:
    """The five figures a text consists of ("80331", "٨٠٣٣١", "80 331", "D-80331"), or None when it is something else."""
    kept = fold(body).removeprefix("d").translate(_PARTING)
    return kept if len(kept) == POSTCODE_DIGITS and kept.isascii() and kept.isdigit() else None


def split_code(body: str) -> tuple[str, str] | None:
    """The words before six figures that end a text, and the figures ("code 482 913"); None when it does not end so."""
    # Most texts are longer or end in a word, and are not looked at any further.
    ended = body.strip(" .,!?()[]\n")
    if len(ended) > LONGEST_WITH_CODE or not ended[-1:].isdigit():
        return None
    found = _DIGITS_AT_END.match(fold(ended).strip())
    figures = found["digits"].translate(_PARTING).replace(":", "") if found else ""
    if found is None or len(figures) != CODE_DIGITS or not figures.isascii():
        return None
    return found["words"].strip(" .,:-"), figures


def looks_like_code(body: str) -> bool:
    """Whether a text is figures alone, more than a key and fewer than a phone number: a code with one too many or too few."""
    figures = fold(body).translate(_PARTING)
    return figures.isascii() and figures.isdigit() and CODE_DIGITS - 2 <= len(figures) <= CODE_DIGITS + 2


def read_thumb(body: str) -> Literal["helpful", "unhelpful"] | None:
    """What a thumb says ("👍", "👎🏽", "👍👍"), or None when the message is something else."""
    thumbs = "".join(sign for sign in body if sign not in _THUMB_MARKS)
    if not thumbs or thumbs.strip(THUMB_UP + THUMB_DOWN) or (THUMB_UP in thumbs) == (THUMB_DOWN in thumbs):
        return None
    return "helpful" if THUMB_UP in thumbs else "unhelpful"


def read_key(body: str) -> str | None:
    """The menu key a written message is ("2", "٢", "2.", "(2)"), or None when it is something else."""
    kept = fold(body).strip(" .,:;()[]-")
    return kept if len(kept) == 1 and kept in "0123456789*#" else None
