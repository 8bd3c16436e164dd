"""The few settings of the fallback program: it shall run on a machine that has neither our database nor its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hotline.errors import CannotStart

FOLDER = "fallback"
SHORTEST_KEY = 32


class WrongFallbackSetting(CannotStart):
    """A setting is missing or cannot be used. The message names it and the remedy, never its value."""


@dataclass(frozen=True)
class FallbackSettings:
    """What the program needs: where its file is, what signed it, and what signs webhooks."""

    folder: Path
    key: str = field(repr=False)
    auth_tokens: tuple[str, ...] = field(repr=False)
    base_url: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str], data_dir: Path) -> FallbackSettings:
        """Read the settings.

        Args:
            environ: environment variables.
            data_dir: of the hotline, where there is one on this machine; holds ``local.env`` while it is tried out.

        Raises:
            WrongFallbackSetting: a value is missing or too short.
        """
        values = {**(_local_values(data_dir) if environ.get("HOTLINE_ENV", "local") == "local" else {}), **environ}
        key = values.get("FALLBACK_KEY", "").strip()
        if len(key) < SHORTEST_KEY:
            raise WrongFallbackSetting(
                f"FALLBACK_KEY must be the one `flask fallback build` signs with, at least {SHORTEST_KEY} characters."
            )
        names = ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_PREVIOUS", "TWILIO_SECOND_AUTH_TOKEN")
        tokens = (part.strip() for name in names for part in values.get(name, "").split(","))
        auth_tokens = tuple(token for token in tokens if token)
        if not auth_tokens:
            raise WrongFallbackSetting("TWILIO_AUTH_TOKEN is not set; copy the auth token from the Twilio console.")
        base_url = values.get("FALLBACK_BASE_URL", "").strip().rstrip("/") or None
        return cls(Path(values.get("FALLBACK_DIR") or data_dir / FOLDER), key, auth_tokens, base_url)


def _local_values(data_dir: Path) -> dict[str, str]:
    path = data_dir / "local.env"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    kept = dict(line.split("=", 1) for line in lines if "=" in line)
    return {**kept, "FALLBACK_KEY": kept["PSEUDONYM_KEY"]} if "PSEUDONYM_KEY" in kept else kept
