"""What counsellors say again and again, in every language: rows in the database, first filled from ``content/canned_replies``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, delete, func, insert, select, update

from hotline.errors import CannotStart
from hotline.privacy.audit import note_action
from hotline.store.tables import canned_replies
from hotline.yaml_file import read_yaml

SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")
# Three parts of an SMS in any script; longer ones may be split by whoever sends them.
LONGEST_CANNED = 201
Replies = Mapping[str, Mapping[str, str]]


class BrokenReplies(CannotStart):
    """The canned replies cannot be used. The message names the file and the remedy."""


class UnusableReply(ValueError):
    """A canned reply cannot be kept so. ``reason`` is its code: slug, exists, empty or long."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This canned reply cannot be kept: {reason}.")
        self.reason = reason


def read_reply_files(folder: Path) -> dict[str, dict[str, str]]:
    """The replies of the files: language -> name -> text.

    Raises:
        BrokenReplies: a file has another form, or no file is there.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            content: dict[str, Any] = read_yaml(path)
            found[str(content["language"])] = {str(slug): str(text) for slug, text in content["replies"].items()}
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise BrokenReplies(f"{path}: must hold `language` and `replies` ({error}).") from None
    if not found:
        raise BrokenReplies(f"{folder} holds no replies. Restore it from the repository.")
    return found


def load_replies(connection: Connection, found: Replies) -> int:
    """Bring the replies of the files into the database; what somebody changed here stays, and what the files drop goes.

    Returns:
        How many were stored.
    """
    own = {tuple(row) for row in connection.execute(_keys().where(canned_replies.c.is_own))}
    connection.execute(delete(canned_replies).where(canned_replies.c.is_own.is_(False)))
    rows = [
        {"slug": slug, "language": language, "position": position, "text": text, "is_own": False}
        for language, replies in found.items()
        for position, (slug, text) in enumerate(replies.items())
        if (slug, language) not in own
    ]
    if rows:
        connection.execute(insert(canned_replies), rows)
    return len(rows)


def read_replies(connection: Connection, languages: Sequence[str] | None = None) -> dict[str, dict[str, str]]:
    """The replies in their order: name -> language -> text."""
    query = select(canned_replies).order_by(canned_replies.c.position, canned_replies.c.slug, canned_replies.c.language)
    if languages is not None:
        query = query.where(canned_replies.c.language.in_(languages))
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.slug, {})[row.language] = row.text
    return found


def save_reply(connection: Connection, slug: str, texts: Mapping[str, str], actor: str, now: datetime, *, is_new: bool) -> None:
    """Keep what somebody wrote; a language left empty has no such reply.

    Args:
        connection: a unit of work.
        slug: its name.
        texts: language -> text.
        actor: who wrote it, for the audit.
        now: aware UTC.
        is_new: whether the name must not be taken.

    Raises:
        UnusableReply: the name or a text cannot be kept.
    """
    stored = {row.language: row for row in connection.execute(select(canned_replies).where(canned_replies.c.slug == slug))}
    if not SLUG.fullmatch(slug):
        raise UnusableReply("slug")
    if is_new and stored:
        raise UnusableReply("exists")
    words = {language: text.strip().replace("\r\n", "\n") for language, text in texts.items()}
    if not any(words.values()):
        raise UnusableReply("empty")
    if any(len(text) > LONGEST_CANNED for text in words.values()):
        raise UnusableReply("long")
    position = next((row.position for row in stored.values()), None)
    if position is None:
        position = 1 + (connection.execute(select(func.max(canned_replies.c.position))).scalar_one() or 0)
    for language, text in words.items():
        its = (canned_replies.c.slug == slug) & (canned_replies.c.language == language)
        known = stored.get(language)
        if known is not None and known.text != text:
            # An empty one stays as a row, so that the file does not bring it back.
            connection.execute(update(canned_replies).where(its).values(text=text, is_own=True))
        elif known is None and text:
            row = {"slug": slug, "language": language, "position": position, "text": text, "is_own": True}
            connection.execute(insert(canned_replies).values(**row))
    note_action(connection, actor, "save_canned_reply", f"canned reply {slug}"[:60], now)


def _keys() -> Any:
    return select(canned_replies.c.slug, canned_replies.c.language)
