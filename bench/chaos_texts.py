"""What the people of the crash test write: texts that mean the same to Rasa and to the fallback, so that runs can be compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice

from hotline.dialogue.meaning import Interpreter
from hotline.services import Services
from hotline.understanding.models import PHRASES, FollowingFallback

WANTED, LOOKED_AT = 30, 400
OTHERS = ("1", "2", "3", "0", "menü", "Mensch", "#")


def agree_on_texts(services: Services, *others: Interpreter) -> dict[str, str]:
    """Training phrases that mean the same to the fallback and to ``others``, with their topics."""
    readers = [services._interpreter_around(FollowingFallback(services.models)), *others]
    lines = (services.models_folder / PHRASES).read_text(encoding="utf-8").splitlines()
    german = [line.split("\t") for line in lines if line.startswith("de\t")]
    looked_at = islice(german[:: max(1, len(german) // LOOKED_AT)], LOOKED_AT)
    agreed = ((text, topic) for _, topic, text in looked_at if all(_is_sure(reader, text, topic) for reader in readers))
    return dict(islice(agreed, WANTED))


def make_scripts(phrases: Sequence[str], length: int, seed: int) -> list[list[str]]:
    """Conversations.

    Args:
        phrases: what people ask, besides keys and commands.
        length: messages of a conversation.
        seed: of all that is random.
    """
    dice = random.Random(seed)
    return [
        [dice.choice(phrases) if place == 0 or dice.random() < 0.5 else dice.choice(OTHERS) for place in range(length)]
        for _ in range(60)
    ]


def _is_sure(reader: Interpreter, text: str, topic: str) -> bool:
    understood = reader.interpret(text, None)
    is_answered = understood.to_dict()["decision"] == "answer" and understood.topic == topic
    return is_answered and understood.meaning.language == "de"
