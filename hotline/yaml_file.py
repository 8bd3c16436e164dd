"""Reads what people write by hand in YAML: flows, word lists, rules, answers, queues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# The C one is ten times faster, and hundreds of files are read at every start; not every PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The content of a file.

    Args:
        path: a file in UTF-8.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
