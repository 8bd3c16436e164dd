"""The file the fallback program answers from: all it may say, ready as TwiML, and signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from hotline.errors import CannotStart

FILE, SOUNDS = "book.json", "audio"
FORMAT = 1
# Stands in a document for the address the next key is posted to.
ACTION = "{action}"
START, END = "start", "end"


class UnusableBook(CannotStart):
    """The file cannot be used. The message names it and the remedy."""


@dataclass(frozen=True)
class Page:
    """What a caller hears at one place, and where the keys lead.

    Args:
        document: TwiML with ``ACTION`` where the address of the next step belongs.
        keys: key -> name of a page.
        silence: page after silence or a wrong key, which repeats what was said; None ends the call.
        ended: page after the third of them in a row.
        until: last day (YYYY-MM-DD) on which this may be said; None for ever.
        instead: page said after that day.
    """

    document: str
    keys: Mapping[str, str]
    silence: str | None = None
    ended: str = END
    until: str | None = None
    instead: str | None = None

    def holds(self, today: date) -> bool:
        """Whether it may be said on a day."""
        return self.until is None or today.isoformat() <= self.until


@dataclass(frozen=True)
class Book:
    """Everything the fallback program says.

    Args:
        base_url: address of the program, as it stands at Twilio: signatures are checked against it.
        made_at: when, ISO 8601.
        pages: of calls, by name; ``START`` and ``END`` are among them.
        messages: language -> answer to a message.
        words: folded word -> the language it tells.
        opening: languages a message is answered in when none of its words tells one.
        line_languages: number of ours (E.164) -> language of who calls or writes there.
    """

    base_url: str
    made_at: str
    pages: Mapping[str, Page]
    messages: Mapping[str, str]
    words: Mapping[str, str]
    opening: tuple[str, ...]
    line_languages: Mapping[str, str]


def write_book(book: Book, path: Path, key: str) -> None:
    """Write and sign a book; whoever reads meanwhile finds the old one or the new one, never half of it.

    Args:
        book: what to write.
        path: of the file; its folder is there.
        key: FALLBACK_KEY.
    """
    content = json.dumps({"format": FORMAT, **asdict(book)}, ensure_ascii=False, sort_keys=True).encode()
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(_signature(content, key).encode() + b"\n" + content)
    draft.replace(path)


def read_book(path: Path, key: str, base_url: str | None = None) -> Book:
    """Read a book.

    Args:
        path: of the file.
        key: FALLBACK_KEY it was signed with.
        base_url: address it must be made for; None takes whatever it names.

    Raises:
        UnusableBook: it is missing, changed, cut, signed with another key, of another version or for another address.
    """
    try:
        signature, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        raise UnusableBook(f"{path} cannot be read. Make it with `flask fallback build`, or copy its folder here.") from None
    if not hmac.compare_digest(signature, _signature(content, key).encode()):
        raise UnusableBook(
            f"{path} is damaged, or was signed with another FALLBACK_KEY. Make it again with `flask fallback build` "
            "and copy the whole folder; FALLBACK_KEY must be the same on both machines."
        )
    # Signed by ourselves, so only its version can be another one.
    try:
        read = json.loads(content)
        is_ours = read.pop("format") == FORMAT
        pages = {name: Page(**page) for name, page in read.pop("pages").items()}
        book = Book(pages=pages, opening=tuple(read.pop("opening")), **read)
    except (ValueError, TypeError, KeyError, AttributeError):
        is_ours = False
    if not is_ours:
        raise UnusableBook(f"{path} is of another version of the hotline. Make it again with `flask fallback build`.")
    if base_url is not None and book.base_url != base_url:
        raise UnusableBook(
            f"{path} was made for another address than FALLBACK_BASE_URL names. Set the same one on both machines."
        )
    return book


def _signature(content: bytes, key: str) -> str:
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()
