"""What the people of the crash test write: texts that mean the same to Rasa and to its stand-in, so that runs can be compared."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path

from hotline.services import Services
from hotline.understanding.models import PHRASES, FollowingFallback

WANTED, LOOKED_AT = 30, 400
OTHERS = ("1", "2", "3", "0", "menü", "Mensch", "#")


def make_scripts(services: Services, folder: Path, length: int, seed: int) -> tuple[list[list[str]], Path]:
    """Conversations, and the file of topics for ``chaos_rasa``.

    Args:
        services: of the hotline.
        folder: where the file goes.
        length: messages of a conversation.
        seed: of all that is random.
    """
    texts = _agreed(services)
    answers = folder / "topics.json"
    answers.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    dice = random.Random(seed)
    phrases = sorted(texts)
    scripts = [
        [dice.choice(phrases) if place == 0 or dice.random() < 0.5 else dice.choice(OTHERS) for place in range(length)]
        for _ in range(60)
    ]
    return scripts, answers


def _agreed(services: Services) -> dict[str, str]:
    """Training phrases the stand-in is sure of, with their topics."""
    lines = (services.models_folder / PHRASES).read_text(encoding="utf-8").splitlines()
    german = [line.split("\t") for line in lines if line.startswith("de\t")]
    fallback = services._interpreter_around(FollowingFallback(services.models))
    found: dict[str, str] = {}
    for _, topic, text in islice(german[:: max(1, len(german) // LOOKED_AT)], LOOKED_AT):
        understood = fallback.interpret(text, None).to_dict()
        if understood["decision"] == "answer" and understood["topic"] == topic and not understood["danger"]:
            found[text] = topic
        if len(found) == WANTED:
            break
    return found
