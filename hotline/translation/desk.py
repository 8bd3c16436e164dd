"""Translations of one conversation: who may have them, what was translated already, drafts, and what is sent.

Reading and writing the database and asking the service never overlap: no transaction waits for the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select, update

from hotline.counselling.desk import CounsellorDesk, Reply
from hotline.counselling.handoff import UnknownHandoff, get_open, write_audit
from hotline.counselling.states import ACCEPTED
from hotline.dialogue.texts import Texts
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database
from hotline.store.tables import conversations, handoffs, message_translations, messages, topics, translation_switches
from hotline.translation.careful import CarefulTranslator, Translated
from hotline.translation.port import CannotTranslate

# Said below every message a machine translated; `flask texts check` looks for it.
MARK = "translation.mark"
TRANSLATION_TEXT_KEYS = frozenset({MARK})
# The engine of the counsellor's own words.
OWN_WORDS = "counsellor"
# A topic no machine may answer: there a wrong word can cost somebody a right.
NOT_FOR_MACHINES = "C"


class NotTranslated(Exception):
    """This conversation is not to be translated now: it is switched off, or the warning was not read."""


@dataclass(frozen=True)
class Standing:
    """Whether a conversation is translated.

    ``is_delicate`` when it touches what no machine may answer; ``needs_warning`` until this counsellor has read what that means.
    ``language`` is the person's.
    """

    is_on: bool
    is_delicate: bool
    needs_warning: bool
    language: str | None


@dataclass(frozen=True)
class Worker:
    """Who asks: account and name of the counsellor."""

    account_id: int
    name: str


@dataclass(frozen=True)
class Draft:
    """A translated reply before it is sent.

    ``own_words`` are the counsellor's, in the language ``source``; ``key`` is of the form: sent twice, it is one message.
    """

    own_words: str = field(repr=False)
    translation: str = field(repr=False)
    source: str
    key: str


@dataclass(frozen=True)
class Kept:
    """A translation that is stored with its message."""

    text: str = field(repr=False)
    engine: str
    is_whole: bool


@dataclass(frozen=True)
class View:
    """A conversation across languages. ``kept`` is what is stored, by message."""

    standing: Standing
    kept: Mapping[int, Kept]


class TranslationDesk:
    """Every method checks that the conversation is the counsellor's own; every deed leaves an audit row without a word of it."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        desk: CounsellorDesk,
        translator: CarefulTranslator,
        texts: Texts,
        clock: Callable[[], datetime],
    ) -> None:
        """Hold what is needed.

        Args:
            database: of the hotline.
            cipher: encrypts what is kept.
            desk: sends replies.
            translator: of the service in use.
            texts: of people, for the mark below a message.
            clock: tells the time.
        """
        self._database = database
        self._cipher = cipher
        self._desk = desk
        self._translator = translator
        self._texts = texts
        self._clock = clock

    @property
    def engine(self) -> str:
        """The short name of the service."""
        return self._translator.engine

    def news(self, connection: Connection, handoff_id: int) -> object:
        """What changes when something was translated or switched; for an open page that asks again and again."""
        made = (
            select(func.count())
            .select_from(message_translations.join(messages).join(conversations).join(handoffs))
            .where(handoffs.c.id == handoff_id)
            .scalar_subquery()
        )
        switch = select(translation_switches.c.warned_id).where(translation_switches.c.handoff_id == handoff_id)
        return (
            connection.execute(select(made)).scalar_one(),
            [row.warned_id for row in connection.execute(switch)],
        )

    def view(self, connection: Connection, handoff_id: int, worker: Worker, target: str) -> View | None:
        """Whether a conversation is translated, and what is stored of it; None when it is not the counsellor's own.

        Args:
            connection: any connection; nothing is locked.
            handoff_id: of the conversation.
            worker: who looks.
            target: the language they read.
        """
        try:
            handoff = _own(connection, handoff_id, worker)
        except UnknownHandoff:
            return None
        standing = _standing(connection, handoff, worker)
        if not standing.is_on:
            return View(standing, {})
        query = (
            select(message_translations)
            .join(messages, messages.c.id == message_translations.c.message_id)
            .where(messages.c.conversation_id == handoff["conversation_id"], message_translations.c.target == target)
        )
        # Their own words are truer than a translation back.
        rows = sorted(connection.execute(query), key=lambda row: (row.engine == OWN_WORDS, row.made_at))
        return View(standing, {row.message_id: self._open(row) for row in rows})

    def switch(self, handoff_id: int, worker: Worker, *, is_on: bool) -> None:
        """Switch translation on or off for this conversation.

        Raises:
            UnknownHandoff: it is not the counsellor's own.
        """
        now = self._clock()
        with self._database.begin() as connection:
            _own(connection, handoff_id, worker)
            if is_on:
                row = {"handoff_id": handoff_id, "switched_by": worker.account_id, "switched_at": now}
                self._database.insert_once(connection, translation_switches, row, "handoff_id")
            else:
                connection.execute(translation_switches.delete().where(translation_switches.c.handoff_id == handoff_id))
            write_audit(connection, worker.name, "translation_on" if is_on else "translation_off", handoff_id, now)

    def confirm_warning(self, handoff_id: int, worker: Worker) -> None:
        """The counsellor has read that a machine's words are not to be relied on in this conversation.

        Raises:
            UnknownHandoff: it is not the counsellor's own.
        """
        with self._database.begin() as connection:
            _own(connection, handoff_id, worker)
            mine = update(translation_switches).where(translation_switches.c.handoff_id == handoff_id)
            connection.execute(mine.values(warned_id=worker.account_id))
            write_audit(connection, worker.name, "translation_confirm", handoff_id, self._clock())

    def translate_message(self, handoff_id: int, message_id: int, worker: Worker, target: str) -> Kept:
        """Translate one message of the conversation; what was translated before is not sent out again.

        Args:
            handoff_id: of the conversation.
            message_id: of the message.
            worker: who asks.
            target: the language wanted.

        Raises:
            UnknownHandoff: it is not the counsellor's own, or the message is none of it.
            NotTranslated: switched off, or the warning was not read.
            CannotTranslate: the service gave no translation.
        """
        with self._database.begin() as connection:
            handoff = _own(connection, handoff_id, worker)
            query = select(messages).where(messages.c.id == message_id, messages.c.conversation_id == handoff["conversation_id"])
            message = connection.execute(query).one_or_none()
            if message is None:
                raise UnknownHandoff("This message is none of the conversation.")
            standing = _admit(connection, handoff, worker)
            found = self._find(connection, message_id, target)
            if found is not None:
                return found
            # Before it is sent: what has left the house must be known even when nothing comes back.
            write_audit(connection, worker.name, "translate_message", handoff_id, self._clock())
        made = self._translator.translate(
            self._cipher.decrypt(message.body_encrypted), message.language or standing.language, target
        )
        with self._database.begin() as connection:
            self._keep(connection, message_id, target, made)
        return Kept(made.text, made.engine, made.is_whole)

    def draft(self, handoff_id: int, text: str, worker: Worker, source: str) -> Translated:
        """Translate a reply into the person's language, to be read and sent by the counsellor. Nothing is stored.

        Args:
            handoff_id: of the conversation.
            text: in the counsellor's language.
            worker: who writes.
            source: the counsellor's language.

        Raises:
            UnknownHandoff: it is not the counsellor's own.
            NotTranslated: switched off, or the warning was not read.
            CannotTranslate: the service gave no translation, or the person's language is not known.
        """
        with self._database.begin() as connection:
            standing = _admit(connection, _own(connection, handoff_id, worker), worker)
            language = self._expect_language(standing)
            write_audit(connection, worker.name, "translate_draft", handoff_id, self._clock())
        return self._translator.translate(text, source, language)

    def mark_for(self, language: str) -> str:
        """What stands below a message that a machine translated, in the person's language; empty where we have no such words."""
        return self._texts.find(language, MARK, (".text",)) or ""

    def body_of(self, translation: str, language: str) -> str:
        """What the person gets: the translation, and below it the mark; nothing without a translation."""
        return f"{translation.strip()}\n\n{self.mark_for(language)}" if translation.strip() else ""

    def send(self, handoff_id: int, draft: Draft, worker: Worker) -> int | None:
        """Send a translated reply, with the mark below it; the counsellor's own words are kept beside it.

        Args:
            handoff_id: of the conversation.
            draft: as the counsellor read and perhaps mended it.
            worker: who sends.

        Returns:
            The outbox id, to ring the doorbell with; None when the worker has nothing to send.

        Raises:
            UnknownHandoff: it is not the counsellor's own.
            NotTranslated: switched off, or the warning was not read.
            CannotTranslate: the person's language is not known.
            CannotReply: nobody can be written to so, or there is no text.
        """
        now = self._clock()
        with self._database.begin() as connection:
            # Locked first: whoever answers must still have the conversation when the answer goes out.
            get_open(connection, handoff_id)
            standing = _admit(connection, _own(connection, handoff_id, worker), worker)
            reply = Reply(self.body_of(draft.translation, self._expect_language(standing)), draft.key)
            outbox_id = self._desk.reply(connection, handoff_id, reply, worker.name, now)
            query = select(messages.c.id).where(messages.c.reply_key == f"{handoff_id}:{draft.key}")
            row = {
                "message_id": connection.execute(query).scalar_one(),
                "target": draft.source,
                "engine": OWN_WORDS,
                "text_encrypted": self._cipher.encrypt(draft.own_words),
                "is_whole": True,
                "made_at": now,
            }
            self._database.insert_once(connection, message_translations, row, "message_id", "target", "engine")
            write_audit(connection, worker.name, "send_translation", handoff_id, now)
        return outbox_id

    def _expect_language(self, standing: Standing) -> str:
        """The person's language; without words for the mark in it nothing is sent as a machine's."""
        if standing.language is None or not self.mark_for(standing.language):
            raise CannotTranslate("unknown_language")
        return standing.language

    def _find(self, connection: Connection, message_id: int, target: str) -> Kept | None:
        query = select(message_translations).where(
            message_translations.c.message_id == message_id,
            message_translations.c.target == target,
            message_translations.c.engine.in_((self.engine, OWN_WORDS)),
        )
        row = connection.execute(query).first()
        return None if row is None else self._open(row)

    def _keep(self, connection: Connection, message_id: int, target: str, made: Translated) -> None:
        # The message may have been erased while the service worked.
        if not connection.execute(select(exists().where(messages.c.id == message_id))).scalar_one():
            return
        row = {
            "message_id": message_id,
            "target": target,
            "engine": made.engine,
            "text_encrypted": self._cipher.encrypt(made.text),
            "is_whole": made.is_whole,
            "made_at": made.made_at,
        }
        self._database.insert_once(connection, message_translations, row, "message_id", "target", "engine")

    def _open(self, row: Any) -> Kept:
        return Kept(self._cipher.decrypt(row.text_encrypted), row.engine, row.is_whole)


def _own(connection: Connection, handoff_id: int, worker: Worker) -> Mapping[str, Any]:
    """The handoff, if this counsellor has its conversation now."""
    query = select(handoffs).where(
        handoffs.c.id == handoff_id, handoffs.c.state == ACCEPTED, handoffs.c.counsellor_id == worker.account_id
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownHandoff("This conversation is not yours now. Take it over first.")
    return row._asdict()


def _standing(connection: Connection, handoff: Mapping[str, Any], worker: Worker) -> Standing:
    switch = connection.execute(
        select(translation_switches).where(translation_switches.c.handoff_id == handoff["id"])
    ).one_or_none()
    language = connection.execute(
        select(conversations.c.language).where(conversations.c.id == handoff["conversation_id"])
    ).scalar_one()
    delicate = _is_delicate(connection, handoff)
    is_warned = switch is not None and switch.warned_id == worker.account_id
    return Standing(switch is not None, delicate, delicate and not is_warned, language or handoff["language"])


def _is_delicate(connection: Connection, handoff: Mapping[str, Any]) -> bool:
    """Whether the conversation touches danger or a topic of policy C."""
    for_people = select(topics.c.slug).where(topics.c.policy == NOT_FOR_MACHINES)
    named = exists().where(topics.c.slug == handoff["topic"], topics.c.policy == NOT_FOR_MACHINES)
    said = exists().where(
        messages.c.conversation_id == handoff["conversation_id"],
        messages.c.topic.in_(for_people) | messages.c.danger.is_not(None),
    )
    return handoff["danger"] is not None or bool(connection.execute(select(named | said)).scalar_one())


def _admit(connection: Connection, handoff: Mapping[str, Any], worker: Worker) -> Standing:
    standing = _standing(connection, handoff, worker)
    if not standing.is_on or standing.needs_warning:
        raise NotTranslated
    return standing
