"""What came of a run of the crash test, read from the database and from the provider."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bench.chaos_people import CALLS, People
from bench.provider import LocalProvider
from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.outbox import CHECKING, QUEUED, SENDING
from hotline.services import STATUS_PATH, Services
from hotline.store.tables import addresses, conversations, handoffs, inbound_events, messages, outbox

OPEN = (QUEUED, SENDING, CHECKING)
GONE_OUT = ("sent", "delivered", "read")
STEP, STEPS = timedelta(minutes=2), 30


def count_due(services: Services) -> int:
    """Messages that wait though they should have gone out by now."""
    with services.database.read() as connection:
        is_due = outbox.c.status.in_((QUEUED, SENDING)) & (outbox.c.due_at <= datetime.now(UTC))
        return connection.execute(select(func.count()).where(is_due)).scalar_one()


def settle_doubts(services: Services) -> None:
    """Do the worker's rounds of the next hour at once: what was half sent is looked for at the provider."""
    ahead = timedelta()
    callback = services.settings.public_base_url + STATUS_PATH
    dispatcher = Dispatcher(
        services.database, services.outbox, services.dispatcher._sender, callback, lambda: datetime.now(UTC) + ahead
    )
    for _ in range(STEPS):
        ahead += STEP
        for outbox_id in dispatcher.sweep():
            dispatcher.deliver(outbox_id)


def count_all(services: Services, people: People, provider: LocalProvider) -> dict[str, int]:
    """The figures of the table."""
    with services.database.read() as connection:
        events = set(connection.execute(select(inbound_events.c.key)).scalars())
        written = select(messages.c.provider_sid).where(messages.c.direction == "in", messages.c.provider_sid.is_not(None))
        stored = Counter(connection.execute(written).scalars())
        rows = connection.execute(select(outbox)).all()
    answered = {_event_key(key) for key in people.answers}
    texts = Counter(key for key in answered if key.startswith("SM"))
    wanted, gone = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        key = (services.cipher.decrypt(row.recipient_encrypted), services.cipher.decrypt(row.body_encrypted))
        wanted[key] += 1
        gone[key] += row.status in GONE_OUT
    accepted = Counter((one.to, one.body) for one in provider.accepted)
    return {
        "events": len(people.answers),
        "answered_twice": sum(len(documents) > 1 for documents in people.answers.values()),
        "unstored": len(events ^ answered) + ((stored - texts) + (texts - stored)).total(),
        "outbound": len(rows),
        "sent_twice": sum(max(0, number - wanted[key]) for key, number in accepted.items()),
        "lost": sum(max(0, number - accepted[key]) for key, number in gone.items()),
        "for_a_person": sum(row.status not in (*GONE_OUT, *OPEN) for row in rows),
        "stuck": _count_stuck(services) + sum(row.status in OPEN for row in rows),
        "different": 0,
    }


def _event_key(key: str) -> str:
    """The key an event has in the database: a step of a call is told by the end of its path."""
    call, path, step = key.partition(CALLS)
    return f"{call}:{step.lstrip('/') or 0}" if path else key


def _count_stuck(services: Services) -> int:
    """Conversations that wait for nobody, and handoffs nobody's clock runs for."""
    with services.database.read() as connection:
        open_handoffs = connection.execute(
            select(handoffs.c.conversation_id, handoffs.c.timer_at).where(handoffs.c.state.not_in(("returned", "closed")))
        ).all()
        found = connection.execute(select(conversations.c.id, conversations.c.status, conversations.c.channel)).all()
    waited_for = {row.conversation_id for row in open_handoffs}
    without_owner = sum(row.status == "waiting" and row.id not in waited_for for row in found)
    still_on_the_phone = sum(row.channel == "voice" and row.status == "bot" for row in found)
    return without_owner + still_on_the_phone + sum(row.timer_at is None for row in open_handoffs)


def read_state(services: Services) -> dict[str, Any]:
    """What is stored of each person: conversations with their state and words; times, ids and scores left out."""
    with services.database.read() as connection:
        numbers = {row.id: services.cipher.decrypt(row.number_encrypted) for row in connection.execute(select(addresses)).all()}
        said: dict[int, list[tuple[str, str]]] = defaultdict(list)
        # What is sent later comes when its time has come; the words of the turns are what must agree.
        turns = select(messages).where(messages.c.status.in_(("received", "replied"))).order_by(messages.c.id)
        for row in connection.execute(turns):
            said[row.conversation_id].append((row.direction, services.cipher.decrypt(row.body_encrypted)))
        asked = Counter(connection.execute(select(handoffs.c.conversation_id)).scalars())
        state: dict[str, Any] = {}
        for row in connection.execute(select(conversations).order_by(conversations.c.id)):
            kept = (row.channel, row.status, row.language, _plain(services, row.session), row.turns, asked[row.id], said[row.id])
            state.setdefault(numbers.get(row.address_id, "nobody"), []).append(kept)
    return state


def _plain(services: Services, session: dict[str, Any]) -> dict[str, Any]:
    """A session with its encrypted parts opened, which are written anew each time, without the score.

    How often others asked for each topic is left out, too: a figure, of which a process that is killed loses a second.
    """
    plain = {name: value for name, value in session.items() if name != "asked"}
    for name in ("slots", "question"):
        if plain.get(name):
            kept = json.loads(services.cipher.decrypt(plain[name].encode()))
            plain[name] = {key: value for key, value in kept.items() if key != "score"} if name == "question" else kept
    return plain
