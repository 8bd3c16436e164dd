"""Where models are: the starter's, made of the files alone, in ``models/``; those trained from the studio on a shelf.

A shelf is a folder with one folder a model, named by a number, and the file ``live``, which holds the name of the one in use.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"
STARTER = "starter"
FILE = "hotline.tar.gz"
PHRASES, THRESHOLDS, MADE_WITH = "phrases.tsv", "thresholds.json", "made_with"
LIVE = "live"


def folder_of(shelf: Path | None, name: str) -> Path:
    """The folder of a model."""
    return MODELS if shelf is None or name == STARTER else shelf / name


def read_live(shelf: Path | None) -> str:
    """The name of the model in use."""
    path = shelf / LIVE if shelf else None
    return path.read_text().strip() if path and path.exists() else STARTER


def is_usable(folder: Path) -> bool:
    """Whether a model is there and was made by these components: another version's cannot be read, or misunderstands."""
    stamp = folder / MADE_WITH
    # The starter is trained anew whenever its data or a component changed, before anything starts.
    return (folder / FILE).is_file() and (folder == MODELS or (stamp.exists() and stamp.read_text() == components_digest()))


def components_digest() -> str:
    """A mark of what reads and makes models."""
    found = hashlib.sha256()
    for path in [*sorted((HERE / "components").glob("*.py")), HERE / "requirements.txt"]:
        found.update(path.read_bytes() + b"\0")
    return found.hexdigest()
