"""Reads what people write by hand in YAML: flows, word lists, rules, answers, queues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# The C one is ten times faster, and hundreds of files are read at every start; not every PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotUtf8(yaml.YAMLError):
    """The file was saved in another encoding; like every fault of the file it is one of YAML."""

    def __init__(self) -> None:
        super().__init__("this is not UTF-8. Save the file in that encoding.")


def read_yaml(path: Path) -> Any:
    """The content of a file.

    Args:
        path: a file in UTF-8.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is not YAML, or not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders
