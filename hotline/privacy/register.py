"""The register of personal data: every table that holds some, or leads to somebody, with what becomes of its rows.

One entry a table; a test fails for a table that needs one and has none. Retention (``retention``), erasure and the summary for
the person (``erasure``) and the record of processing (docs/privacy.md) read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, exists, false, or_, select

from hotline.store.tables import (
    addresses,
    audit,
    call_legs,
    call_orders,
    callbacks,
    case_conversations,
    case_notes,
    case_tasks,
    cases,
    contacts,
    continuation_codes,
    continuation_tries,
    conversations,
    counsellors,
    deletions,
    handoff_notes,
    handoff_offers,
    handoff_transfers,
    handoffs,
    inbound_events,
    message_translations,
    messages,
    opt_outs,
    outbox,
    provider_deletions,
    questions,
    recordings,
    rule_hints,
    staff_accounts,
    staff_sessions,
    staff_throttles,
    talks,
    translation_switches,
    voicemails,
    wrap_up_answers,
    wrap_ups,
)

# Of the outbox: still on its way. Everything else is over, well or badly.
UNSENT = ("queued", "sending", "checking")


@dataclass(frozen=True)
class Person:
    """Whose rows are meant: an address, where the number is known, its conversations and calls (the provider's ids)."""

    address_id: int | None
    conversation_ids: tuple[int, ...]
    call_sids: tuple[str, ...]


Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Entry:
    """What becomes of the rows of a table.

    ``clock`` is the kind of ``clocks.CLOCKS`` they are deleted by and ``since`` the column it counts from, a time or a day;
    without a clock they go with another row, as ``why`` tells. ``stays`` holds for rows that are not deleted however old.
    ``of`` finds the rows of a person; None where nothing leads from a person to them. ``shown`` is how a person is told of them.
    ``bare_of`` finds the rows that go when conversations lose their words, by the ids of those. ``copies`` finds what the
    provider keeps of rows, by a condition on them: whatever deletes the rows orders that to be deleted, too.
    """

    table: Table
    why: str = ""
    clock: str = ""
    since: Column[Any] | None = None
    stays: Callable[[], Condition] = false
    of: Callable[[Person], Condition] | None = None
    shown: str = ""
    bare_of: Callable[[list[int]], Condition] | None = None
    copies: Callable[[Condition], tuple[Select[Any], ...]] | None = None

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name


def _handoffs_of(person: Person) -> Select[tuple[int]]:
    return select(handoffs.c.id).where(handoffs.c.conversation_id.in_(person.conversation_ids))


def _messages_of(person: Person) -> Select[tuple[int]]:
    return select(messages.c.id).where(messages.c.conversation_id.in_(person.conversation_ids))


def _cases_of(person: Person) -> Select[tuple[int]]:
    """The matters a conversation of the person belongs to. What was noted there cannot be parted by conversation."""
    return select(case_conversations.c.case_id).where(case_conversations.c.conversation_id.in_(person.conversation_ids))


def _talks_of(person: Person) -> Select[tuple[int]]:
    return select(talks.c.id).where(talks.c.handoff_id.in_(_handoffs_of(person)))


def _calls_where(talks_are: Condition) -> Select[Any]:
    return select(call_legs.c.call_sid).join(talks, talks.c.id == call_legs.c.talk_id).where(talks_are)


def _copies_of_handoffs(are: Condition) -> tuple[Select[Any], ...]:
    ids = select(handoffs.c.id).where(are)
    messages_left = select(voicemails.c.recording_sid).where(voicemails.c.handoff_id.in_(ids))
    return _calls_where(talks.c.handoff_id.in_(ids)), messages_left


def _events_of(person: Person) -> Condition:
    """Webhooks: that of a text has the name of the message, that of a step of a call begins with the name of the call."""
    texts = select(messages.c.provider_sid).where(messages.c.conversation_id.in_(person.conversation_ids))
    steps = (inbound_events.c.key.startswith(f"{sid}:", autoescape=True) for sid in person.call_sids)
    return or_(inbound_events.c.key.in_(texts.where(messages.c.provider_sid.is_not(None))), *steps)


def has_open_handoff() -> Condition:
    """Somebody still waits in this conversation, or is being answered."""
    return exists(select(handoffs.c.id).where(handoffs.c.conversation_id == conversations.c.id, handoffs.c.closed_at.is_(None)))


def has_unsent_message() -> Condition:
    """A message of this conversation is still on its way."""
    unsent = select(outbox.c.id).join(messages, messages.c.id == outbox.c.message_id)
    return exists(unsent.where(messages.c.conversation_id == conversations.c.id, outbox.c.status.in_(UNSENT)))


def _is_waited_in() -> Condition:
    """The handoff a message was left for is open: somebody is still to hear it."""
    return exists(select(handoffs.c.id).where(handoffs.c.id == voicemails.c.handoff_id, handoffs.c.closed_at.is_(None)))


def is_bare() -> Condition:
    """A conversation that keeps nothing personal any more; every one begins with our number in it."""
    return and_(conversations.c.service_address_encrypted.is_(None), conversations.c.address_id.is_(None))


# In the order in which rows are counted and deleted: what belongs to a row before the row itself.
REGISTER: tuple[Entry, ...] = (
    Entry(
        inbound_events,
        why="a webhook that comes twice takes effect once and gets the same reply",
        clock="replies",
        since=inbound_events.c.created_at,
        of=_events_of,
    ),
    Entry(
        outbox,
        why="messages that are to be sent, with the recipient",
        clock="outbox",
        since=outbox.c.created_at,
        stays=lambda: outbox.c.status.in_(UNSENT),
        of=lambda person: outbox.c.message_id.in_(_messages_of(person)),
    ),
    Entry(
        handoff_offers,
        why="which counsellor was asked to take over; goes with the handoff",
        of=lambda person: handoff_offers.c.handoff_id.in_(_handoffs_of(person)),
    ),
    Entry(
        handoff_transfers,
        why="who asked whom to take over, with a note, encrypted; go with the words of the conversation",
        of=lambda person: handoff_transfers.c.handoff_id.in_(_handoffs_of(person)),
        bare_of=lambda ids: handoff_transfers.c.handoff_id.in_(select(handoffs.c.id).where(handoffs.c.conversation_id.in_(ids))),
    ),
    Entry(
        handoff_notes,
        why="what counsellors note for colleagues, encrypted; go with the words of the conversation",
        of=lambda person: handoff_notes.c.conversation_id.in_(person.conversation_ids),
        bare_of=lambda ids: handoff_notes.c.conversation_id.in_(ids),
    ),
    Entry(
        translation_switches,
        why="that a conversation may be translated by a machine, and who decided so; goes with the handoff",
        of=lambda person: translation_switches.c.handoff_id.in_(_handoffs_of(person)),
    ),
    Entry(
        voicemails,
        why="messages callers left after a notice and a key, encrypted; stay while somebody is still to hear them",
        clock="voicemail",
        since=voicemails.c.created_at,
        stays=_is_waited_in,
        of=lambda person: voicemails.c.handoff_id.in_(_handoffs_of(person)),
        shown="voicemails",
        copies=lambda are: (select(voicemails.c.recording_sid).where(are),),
    ),
    Entry(
        call_orders,
        why="what the provider is to be told about a call; go with the talk",
        of=lambda person: call_orders.c.leg_id.in_(select(call_legs.c.id).where(call_legs.c.talk_id.in_(_talks_of(person)))),
    ),
    Entry(
        call_legs,
        why="the calls of a talk, with the number that is called, encrypted; go with the talk",
        of=lambda person: call_legs.c.talk_id.in_(_talks_of(person)),
        copies=lambda are: (select(call_legs.c.call_sid).where(are),),
    ),
    Entry(
        talks,
        why="that somebody spoke with a counsellor by telephone, and how it ended",
        clock="calls",
        since=talks.c.closed_at,
        of=lambda person: talks.c.handoff_id.in_(_handoffs_of(person)),
        copies=lambda are: (_calls_where(are),),
    ),
    Entry(
        callbacks,
        why="the number to call back, what the person wants to be called, and when it is safe",
        clock="callbacks",
        since=callbacks.c.closed_at,
        of=lambda person: callbacks.c.handoff_id.in_(_handoffs_of(person)),
        shown="callbacks",
        copies=lambda are: (_calls_where(talks.c.callback_id.in_(select(callbacks.c.id).where(are))),),
    ),
    Entry(
        wrap_up_answers,
        why="what came of conversations, in codes; stay for statistics, nothing leads to a person once the handoff is gone",
    ),
    Entry(
        wrap_ups,
        why="that a conversation was written up, by whom; stay for statistics without the handoff once that is gone",
    ),
    Entry(
        handoffs,
        why="that a person was asked for, for routing and statistics; no number and no words",
        clock="handoffs",
        since=handoffs.c.closed_at,
        of=lambda person: handoffs.c.conversation_id.in_(person.conversation_ids),
        shown="handoffs",
        copies=_copies_of_handoffs,
    ),
    Entry(
        case_notes,
        why="what counsellors note on a matter, encrypted; go with the case",
        of=lambda person: case_notes.c.case_id.in_(_cases_of(person)),
    ),
    Entry(
        case_tasks,
        why="what counsellors are to do for a matter, encrypted; go with the case",
        of=lambda person: case_tasks.c.case_id.in_(_cases_of(person)),
    ),
    Entry(
        cases,
        why="a matter over time: its state, its counsellor and an alias the person chose, encrypted",
        clock="cases",
        since=cases.c.closed_at,
        of=lambda person: cases.c.id.in_(_cases_of(person)),
        shown="cases",
    ),
    Entry(
        case_conversations,
        why="which conversations belong to a matter; goes with either",
        of=lambda person: case_conversations.c.conversation_id.in_(person.conversation_ids),
    ),
    Entry(
        continuation_codes,
        why="keyed hashes of the codes with which somebody goes on from another telephone; deleted every night when over",
        of=lambda person: continuation_codes.c.conversation_id.in_(person.conversation_ids),
    ),
    Entry(
        continuation_tries,
        why="wrong codes of an address, counted under a keyed hash that leads to no other row; deleted the night after 30 hours",
    ),
    Entry(
        message_translations,
        why="what a machine translated for a counsellor, and their own words, encrypted; go with the message",
        of=lambda person: message_translations.c.message_id.in_(_messages_of(person)),
    ),
    Entry(
        messages,
        why="the words, encrypted, so that nobody has to say it twice; go with the words of the conversation",
        of=lambda person: messages.c.conversation_id.in_(person.conversation_ids),
        shown="messages",
    ),
    Entry(
        conversations,
        why="where a conversation stands. Bare of words and number, it stays for statistics as long as its handoff could",
        clock="handoffs",
        since=conversations.c.last_inbound_at,
        stays=lambda: or_(~is_bare(), exists(select(handoffs.c.id).where(handoffs.c.conversation_id == conversations.c.id))),
        of=lambda person: conversations.c.id.in_(person.conversation_ids),
        shown="conversations",
    ),
    Entry(
        addresses,
        why="the number, encrypted, and its pseudonym; goes with the last conversation",
        of=lambda person: addresses.c.id == person.address_id,
    ),
    Entry(contacts, why="the language somebody wrote in last; goes with the last address"),
    Entry(
        opt_outs,
        why="who wants no messages, by pseudonym alone; kept until START, for nobody may be written to by a clock running out",
    ),
    Entry(
        questions,
        why="what was not answered, for editors; stripped of names and numbers, and nothing leads to a person",
        clock="questions",
        since=questions.c.day,
    ),
    Entry(
        rule_hints,
        why="hints of counsellors on rules that do not work; stripped of names and numbers, and nothing leads to a person",
        clock="hints",
        since=rule_hints.c.month,
    ),
    Entry(
        provider_deletions,
        why="what the provider is to delete; goes when it has, or when it was tried for long",
        clock="outbox",
        since=provider_deletions.c.created_at,
    ),
    Entry(
        recordings,
        why="voices of those who speak our prompts, by consent; while played, then by the clock, or at once when removed",
        clock="recordings",
        since=recordings.c.closed_at,
    ),
    Entry(audit, why="who of staff did what", clock="audit", since=audit.c.happened_at),
    Entry(deletions, why="proof of what was deleted, without whose", clock="deletions", since=deletions.c.happened_at),
    Entry(staff_sessions, why="sign-ins of staff", clock="sessions", since=staff_sessions.c.expires_at),
    Entry(staff_throttles, why="failed sign-ins, by pseudonym", clock="sessions", since=staff_throttles.c.last_failed_at),
    Entry(counsellors, why="what counsellors can do, and their telephone, encrypted; kept while somebody works here"),
    Entry(staff_accounts, why="accounts of staff and the secrets of their devices; kept while somebody works here"),
)
# Leads to a person: a table with a reference to one of these, or an encrypted column, must be in the register.
PERSONAL = frozenset(
    {
        "contacts", "addresses", "conversations", "messages", "handoffs", "callbacks", "outbox", "cases", "talks", "call_legs",
        "wrap_ups",
    }
)  # fmt: skip


def find_copies(connection: Connection, entry: Entry, are: Condition) -> list[str | None]:
    """What the provider keeps of rows, or of what goes with them: its ids.

    Args:
        connection: the unit of work that deletes the rows.
        entry: of their table.
        are: tells which rows.
    """
    queries = entry.copies(are) if entry.copies is not None else ()
    return [sid for query in queries for sid in connection.execute(query).scalars()]


def find_unregistered(tables: tuple[Table, ...] | list[Table]) -> list[str]:
    """Names of tables that hold personal data, or lead to somebody, and have no entry."""
    known = {entry.name for entry in REGISTER}
    return [table.name for table in tables if table.name not in known and _is_personal(table)]


def _is_personal(table: Table) -> bool:
    refers = {foreign.column.table.name for foreign in table.foreign_keys}
    is_sealed = any(column.name.endswith(("_encrypted", "pseudonym")) for column in table.columns)
    return is_sealed or bool(refers & PERSONAL)
