"""Trains the model when its data changed, and leaves beside it what the hotline reads: phrases, thresholds.

Usage: ``python train.py [--force]`` from this folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

from components.samples import read_samples
from components.thresholds import Judged, find_thresholds
from quiet import be_quiet

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"
MODEL = MODELS / "hotline.tar.gz"
PHRASES = MODELS / "phrases.tsv"
THRESHOLDS = MODELS / "thresholds.json"
STAMP = MODELS / "trained_from"
DANGER_PREFIX = "danger_"


def main() -> None:
    """Train if needed."""
    os.chdir(HERE)
    digest = _digest()
    complete = all(path.exists() for path in (MODEL, PHRASES, THRESHOLDS, STAMP))
    if complete and STAMP.read_text() == digest and "--force" not in sys.argv:
        print("The model is up to date.")
        return
    MODELS.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    started = time.monotonic()
    print("Training the model, one to three minutes ...", flush=True)
    be_quiet()
    _train()
    _write_phrases()
    print("Setting the thresholds from the development sets ...", flush=True)
    _write_thresholds()
    STAMP.write_text(digest)
    print(f"Trained in {time.monotonic() - started:.0f} s.")


def _digest() -> str:
    found = hashlib.sha256()
    folders = ("nlu", "danger", "dev", "components")
    files = [path for folder in folders for path in (HERE / folder).rglob("*") if path.suffix in (".yml", ".tsv", ".py")]
    single = ("config.yml", "domain.yml", "lexicon.tsv", "other_languages.tsv", "requirements.txt", "train.py")
    for path in sorted([*files, *(HERE / name for name in single)]):
        found.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _train() -> None:
    # Rasa takes seconds to import; the check above must not.
    from rasa.model_training import train_nlu

    made = train_nlu(config="config.yml", nlu_data="nlu", output=str(MODELS), domain="domain.yml", fixed_model_name=MODEL.name)
    if made is None or Path(made).resolve() != MODEL:
        sys.exit("Rasa did not train a model; the lines above say why.")


def _write_phrases() -> None:
    """What the fallback compares texts with when Rasa is down."""
    from rasa.shared.nlu.training_data.loading import load_data

    examples = load_data("nlu").intent_examples
    lines = [
        f"{example.get('metadata')['intent']['language']}\t{example.get('intent')}\t{example.get('text')}" for example in examples
    ]
    PHRASES.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_thresholds() -> None:
    import asyncio

    from rasa.core.agent import Agent

    agent = Agent.load(str(MODEL))
    judged = Judged()

    async def judge() -> None:
        for path in sorted((HERE / "dev").glob("*.tsv")):
            is_danger = path.stem.startswith(DANGER_PREFIX)
            for label, text in read_samples(path):
                parse = await agent.parse_message(text)
                if is_danger:
                    judged.dangers.append((label, parse["danger"]["score"]))
                else:
                    judged.topics[path.stem.split("_")[0]].append(
                        (label == parse["intent"]["name"], parse["intent"]["confidence"])
                    )

    asyncio.run(judge())
    THRESHOLDS.write_text(json.dumps(find_thresholds(judged), indent=1) + "\n")


if __name__ == "__main__":
    main()
