"""What hypothesis makes requests and texts of, and what must hold of the database after them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree.ElementTree import fromstring

from hypothesis import strategies as st
from sqlalchemy import Connection, func, select
from twilio.request_validator import RequestValidator
from werkzeug.routing import Rule

from hotline.counselling.handoff import find_open
from hotline.counselling.states import STATUS_OF_OWNER, owner_of
from hotline.dialogue.definition import Definition
from hotline.dialogue.session import Session
from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import open_slots
from hotline.staff.roles import ROLES
from hotline.store.tables import addresses, conversations, inbound_events, messages, outbox
from hotline.telephony.twiml import MAX_DOCUMENT_BYTES
from hotline.web.ownership import OWNER_RULES
from hotline.web.staff_session import _token_of, cookie_name
from tests.conftest import BASE_URL, TOKEN, Hotline
from tests.quality.test_guards import FORMS, VALUES
from tests.security.routes import Asker as Somebody
from tests.security.test_matrix import COMPANIONS, MAKERS

STAFF = ("staff", "staff_door")
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
# What breaks programs: numbers beyond every column, controls, other directions, markup, formulas, long words.
NASTY = (
    "", "0", "-1", "2147483648", "9223372036854775808", "1" * 40, "1e999", "NaN", "٣", "²", "\x00", "a\x00b",
    "\r\nSet-Cookie: a=b", "\ud83d", "\u202e\u2066abc", "\ufeff", "\ufffe", "e\u0301" * 50, "🏽👍🏿", "<script>&]]>", "=1+1",
    "'; DROP TABLE messages; --", "../../etc/passwd", "%00%ff", "{{7*7}}", "%s%n", "//evil.example", "2026-02-30",
    "9999-12-31", "0001-01-01", "25:61", "x" * 5000, "ا" * 2000, "[]", "null", "on",
)  # fmt: skip
PEOPLE = tuple(f"+4915100000{number:03}" for number in range(12))
OURS = "+4930555000"
WORDS = (
    "hallo", "menü", "0", "1", "2", "3", "9", "*", "#", "مرحبا", "türkçe", "русский", "stopp", "start", "code", "code 482913",
    "80331", "Berlin", "ja", "nein", "zurück", "mensch", "rückruf", "meine daten löschen", "was wisst ihr über mich",
    "ich will mich umbringen", "112", "Syrien", "+49 151 23456789", "Anna", "👍", "👎", "abmelden", "help",
    "Ausreisefrist morgen", "sprache",
)  # fmt: skip

junk = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
_said = st.one_of(
    st.sampled_from(WORDS), junk, st.lists(st.sampled_from([*WORDS, *NASTY[:20]]), min_size=1, max_size=4).map(" ".join)
)
# The web room lets no half letters in (``access.form_pairs``).
bodies = _said.map(lambda body: body.encode("utf-8", "replace").decode())
_NAMES = (
    "next", "lang", "number", "after", "outbox", "all", "page", "q", "From", "To", "Body", "MessageSid", "CallSid", "Digits",
    "SpeechResult", "Confidence", "NumMedia", "OptOutType", "MessageStatus", "CallStatus", "ErrorCode", "RecordingSid",
    "RecordingDuration", "name", "password", "code", "language", "topic", "text", "reason", "day", "from", "to", "id",
    "version", "body", "channel", "call_sid", "action", "digits", "speech", "Identity", "state", "kind", "role", "note",
    "due", "case", "PageSize",
)  # fmt: skip
pairs = st.dictionaries(st.one_of(st.sampled_from(_NAMES), st.text(max_size=8)), junk, max_size=6)
# Where an address names a thing of somebody: that of whoever asks is put here.
_OWN = "own-thing-"
# A field a view reads: of a form, or of an address.
_READ = re.compile(r"""request\.(?:form|args|values|files)(?:\.get|\.getlist)?[(\[]\s*["']([a-z_]+)["']""")


@dataclass(frozen=True)
class Wanted:
    """One request as it is sent; ``owns`` is the kind of the asker's own thing that ``path`` leaves a place for."""

    rule: str
    access: str
    owns: str | None
    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Tracebacks(logging.Handler):
    """Keeps every error that was logged with its traceback: also those a person only saw an apology for."""

    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler.emit``."""
        if record.exc_info:
            self.found.append(logging.Formatter().format(record)[-3000:])

    def __hash__(self) -> int:
        return id(self)


@st.composite
def requests(draw: st.DrawFn, hotline: Hotline, only: Rule | None = None) -> Wanted:
    """A request for any route, or for one, half right and half wrong."""
    rules = [only] if only else list(hotline.app.url_map.iter_rules())
    # A number is drawn, so that a failing example prints small.
    rule = rules[draw(st.integers(0, len(rules) - 1))]
    view = hotline.app.view_functions[rule.endpoint]
    access, kind = getattr(view, "access_rule", ""), getattr(view, "access_owns", None)
    owns = kind if kind and draw(st.booleans()) else None
    own = {OWNER_RULES[owns].argument, *view.access_names} if owns else set()  # type: ignore[attr-defined]
    named = sorted((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})
    method = draw(st.sampled_from([*named * 6, *METHODS]))
    parts = []
    for is_variable, text in rule._trace:
        if text == "|":
            continue
        if not is_variable:
            parts.append(text)
            continue
        value = _OWN + text if text in own else draw(st.one_of(*[st.just(VALUES[text])] * 3, junk))
        parts.append(quote(value.encode("utf-8", "replace"), safe=""))
    read = _fields_of(view)
    meant = st.dictionaries(st.sampled_from(read), _said, max_size=len(read)) if read else st.just({})
    query = urlencode(draw(st.one_of(st.just({}), pairs, meant)), errors="replace")
    path = "".join(parts) + (f"?{query}" if query else "")
    form = {**draw(pairs), **draw(meant), **(draw(st.sampled_from([{}, FORMS.get(rule.rule, {})])) if access == "twilio" else {})}
    if access == "twilio":
        # Another event each time: one that was answered before gets the same answer, and nothing happens.
        fresh = (("MessageSid", "SM"), ("CallSid", "CA"))
        events = {name: f"{kind}{draw(st.integers(0, 999_999))}" for name, kind in fresh if draw(st.booleans())}
        form = {**FORMS.get(rule.rule, {}), **form, **events} if draw(st.booleans()) else form
    content_type, body = _body(draw, form)
    headers = {"Content-Type": content_type, "Origin": BASE_URL}
    headers["Accept-Language"] = draw(st.sampled_from(["de", "en", "tr;q=x", "*"]))
    return Wanted(rule.rule, access, owns, method, path, body, headers)


@cache
def _fields_of(view: Callable[..., object]) -> tuple[str, ...]:
    """The fields that the file of a view reads."""
    path = sys.modules[view.__module__].__file__
    return tuple(sorted(set(_READ.findall(Path(path or "").read_text(encoding="utf-8")))))


def _body(draw: st.DrawFn, form: dict[str, str]) -> tuple[str, bytes]:
    kind = draw(st.sampled_from(["form"] * 6 + ["json", "json", "not json", "multipart", "raw"]))
    if kind == "form":
        return "application/x-www-form-urlencoded", urlencode(form, errors="replace").encode()
    if kind == "json":
        value = draw(st.one_of(st.just(form), st.lists(junk, max_size=3), junk, st.none(), st.integers()))
        return "application/json", json.dumps(value).encode()
    if kind == "not json":
        return "application/json", b'{"a": [[[[' + b"\xff\x00"
    if kind == "multipart":
        part = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items())
        return "multipart/form-data; boundary=b", (part + draw(st.sampled_from(["--b--\r\n", "--b\r\n", ""]))).encode(
            "utf-8", "replace"
        )
    return draw(st.sampled_from(["text/plain", "application/xml", "", "x/y; charset=nonsense"])), draw(st.binary(max_size=60))


class Asker:
    """Sends requests: signed as Twilio's where one of Twilio's is meant, with a fresh session where a page for staff is."""

    def __init__(self, hotline: Hotline) -> None:
        """Keep the hotline; accounts are made as they are needed."""
        self._hotline = hotline

    def ask(self, wanted: Wanted) -> tuple[int, bytes]:
        """Send it; gives status and body."""
        headers, client, path = dict(wanted.headers), self._hotline.app.test_client(), wanted.path
        if wanted.access == "twilio":
            is_form = wanted.headers["Content-Type"].startswith("application/x-www")
            form = dict(parse_qsl(wanted.body.decode("utf-8", "replace"), keep_blank_values=True)) if is_form else {}
            headers["X-Twilio-Signature"] = RequestValidator(TOKEN).compute_signature(BASE_URL + wanted.path, form)
        if wanted.access in STAFF:
            token, path = self._sign_in(wanted)
            client.set_cookie(cookie_name(self._hotline.services), token, domain="hotline.test", secure=True, path="/")
            headers["X-CSRF-Token"] = _token_of(token)
        answer = client.open(
            path,
            method=wanted.method,
            data=wanted.body,
            headers=headers,
            base_url=BASE_URL,
            environ_overrides={"RAW_URI": path, "REQUEST_URI": path},
        )
        body = answer.get_data()
        answer.close()
        return answer.status_code, body

    def _sign_in(self, wanted: Wanted) -> tuple[str, str]:
        """A new account with all roles: its cookie, and the address with a thing of its own where one is wanted."""
        somebody, path = Somebody(self._hotline, *ROLES), wanted.path
        if wanted.owns:
            thing = MAKERS[wanted.owns](self._hotline, somebody)
            path = path.replace(_OWN + OWNER_RULES[wanted.owns].argument, str(thing))
            for name, kind in self._hotline.app.view_functions[self._endpoint(wanted)].access_names.items():  # type: ignore[attr-defined]
                if _OWN + name in path:
                    path = path.replace(_OWN + name, str(COMPANIONS[kind](self._hotline, thing)))
        with self._hotline.services.database.begin() as connection:
            return self._hotline.services.staff_sessions.open(connection, somebody.account_id, "full"), path

    def _endpoint(self, wanted: Wanted) -> str:
        return next(rule.endpoint for rule in self._hotline.app.url_map.iter_rules() if rule.rule == wanted.rule)


def find_broken(connection: Connection, definition: Definition, cipher: Cipher) -> list[str]:
    """What of the stored state may not be; empty when all is well."""
    found = []
    for row in connection.execute(select(conversations)):
        handoff = find_open(connection, row.id)
        status = STATUS_OF_OWNER[owner_of(handoff["state"] if handoff else None)]
        if row.closed_at is None and row.status != status:
            found.append(f"conversation {row.id} is {row.status}, its owner says {status}")
        session = Session.from_dict(open_slots(row.session, cipher)) if row.session else Session()
        if session.step and session.step not in definition.steps:
            found.append(f"conversation {row.id} stands at no step")
    opened = conversations.c.closed_at.is_(None) & conversations.c.address_id.is_not(None) & (conversations.c.channel != "voice")
    twice = select(conversations.c.address_id, conversations.c.channel).where(opened)
    twice = twice.group_by(conversations.c.address_id, conversations.c.channel).having(func.count() > 1)
    found += [f"address {row.address_id} has two open conversations" for row in connection.execute(twice)]
    pseudonyms = [row.pseudonym for row in connection.execute(select(addresses.c.pseudonym))]
    if len(pseudonyms) != len(set(pseudonyms)):
        found.append("an address is stored twice")
    for row in connection.execute(select(inbound_events.c.key, inbound_events.c.reply_encrypted)):
        document = cipher.decrypt(row.reply_encrypted)
        if document and (len(document.encode()) > MAX_DOCUMENT_BYTES or fromstring(document).tag != "Response"):
            found.append("a kept reply is no document")
    for table, column in ((messages, messages.c.body_encrypted), (outbox, outbox.c.body_encrypted)):
        for (body,) in connection.execute(select(column).select_from(table)):
            cipher.decrypt(body)
    if connection.dialect.name == "sqlite":
        found += [f"{row[0]}: a row leads nowhere" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
        (state,) = connection.exec_driver_sql("PRAGMA integrity_check").one()
        found += [] if state == "ok" else [state]
    return found
