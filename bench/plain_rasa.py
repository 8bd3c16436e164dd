"""The rival: the plain Rasa server with its own Twilio voice connector and our model, one answer a topic.

Runs on the Python of ``nlu_data/.venv`` from the folder ``nlu_data``: ``python ../bench/plain_rasa.py --port 5006``. Training
reuses what ``train.py`` left in Rasa's cache, so only the dialogue part is trained.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, ".")

from quiet import be_quiet

MODEL = "plain.tar.gz"


def main() -> None:
    """Train if needed, then serve."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    be_quiet()
    model = Path("models") / MODEL
    if not model.exists() or model.stat().st_mtime < Path("models/hotline.tar.gz").stat().st_mtime:
        # In a process of its own: training would leave gigabytes behind in the one that is measured.
        training = multiprocessing.get_context("spawn").Process(target=_train)
        training.start()
        training.join()
    _serve(model, port)


def _train() -> None:
    be_quiet()
    from rasa.model_training import train

    config = yaml.safe_load(Path("config.yml").read_text(encoding="utf-8"))
    intents = yaml.safe_load(Path("domain.yml").read_text(encoding="utf-8"))["intents"]
    config["policies"] = [{"name": "RulePolicy"}]
    responses = {
        f"utter_{intent}": [{"text": f"This is the answer to {intent}, about as long as one of ours. " * 3}] for intent in intents
    }
    rules = [{"rule": str(intent), "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]} for intent in intents]
    with tempfile.TemporaryDirectory() as folder:
        parts = {
            "config.yml": config,
            "domain.yml": {"version": "3.1", "intents": intents, "responses": responses},
            "rules.yml": {"version": "3.1", "rules": rules},
        }
        for name, content in parts.items():
            (Path(folder) / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        train(
            domain=f"{folder}/domain.yml",
            config=f"{folder}/config.yml",
            training_files=["nlu", f"{folder}/rules.yml"],
            output="models",
            fixed_model_name=MODEL,
        )


def _serve(model: Path, port: int) -> None:
    from rasa.core.run import serve_application

    with tempfile.NamedTemporaryFile("w", suffix=".yml") as credentials:
        yaml.safe_dump({"twilio_voice": {"assistant_voice": "woman"}}, credentials)
        credentials.flush()
        serve_application(str(model), credentials=credentials.name, interface="127.0.0.1", port=port, enable_api=False)


if __name__ == "__main__":
    main()
