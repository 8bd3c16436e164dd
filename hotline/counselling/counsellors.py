"""Counsellors: what each can take, and whether they are there. Their accounts are in the staff room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from hotline.counselling.calls import ALIVE
from hotline.counselling.numbers import read_number
from hotline.counselling.routing import PRESENCES, Counsellor, Presence
from hotline.counselling.states import ACCEPTED, OFFERED
from hotline.knowledge.places import LANDS
from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.store.tables import call_legs, counsellors, handoffs, staff_accounts

# A screen that has not been seen for so long is a closed laptop: nothing is offered to it.
SEEN_LASTS = timedelta(minutes=5)
MOST_AT_ONCE = 20


class CannotChangeCounsellor(ValueError):
    """What somebody can take cannot be set so. The message says why and what to do."""


_HELD = or_(
    (handoffs.c.state == ACCEPTED) & (handoffs.c.counsellor_id == counsellors.c.account_id),
    (handoffs.c.state == OFFERED) & (handoffs.c.offered_to == counsellors.c.account_id),
)
_IN_CALL = (call_legs.c.account_id == counsellors.c.account_id) & call_legs.c.state.in_(sorted(ALIVE))
# Asked at every minute of everybody who holds the line, so built once.
_COUNSELLORS = (
    select(
        counsellors,
        staff_accounts.c.name,
        select(func.count()).select_from(handoffs).where(_HELD).correlate(counsellors).scalar_subquery().label("load"),
        select(call_legs.c.id).where(_IN_CALL).correlate(counsellors).exists().label("is_on_phone"),
    )
    .join(staff_accounts, staff_accounts.c.id == counsellors.c.account_id)
    .where(staff_accounts.c.disabled_at.is_(None))
    .order_by(staff_accounts.c.name)
)


@dataclass(frozen=True)
class Skills:
    """What a counsellor can take. Empty topics or Laender mean all of them; ``capacity`` is how many conversations at once."""

    languages: tuple[str, ...]
    topics: tuple[str, ...] = ()
    lands: tuple[str, ...] = ()
    capacity: int = 3


@dataclass(frozen=True)
class KnownCounsellor:
    """A counsellor with the name of the account."""

    name: str
    seen_at: datetime
    counsellor: Counsellor


def set_skills(connection: Connection, name: str, skills: Skills, known: Iterable[str], actor: str, now: datetime) -> None:
    """Write down what an account can take; who was none before becomes a counsellor, and is away.

    Args:
        connection: a unit of work.
        name: of the account.
        skills: all of them.
        known: codes of the languages there are.
        actor: who does it, for the audit.
        now: aware UTC.

    Raises:
        CannotChangeCounsellor: there is no such account, language or Land, or the capacity is none.
    """
    account_id = connection.execute(select(staff_accounts.c.id).where(staff_accounts.c.name == name)).scalar_one_or_none()
    if account_id is None:
        raise CannotChangeCounsellor(f"There is no account {name}. `flask staff list` shows them.")
    if not skills.languages or not set(skills.languages) <= set(known):
        raise CannotChangeCounsellor("A counsellor needs one language or more, by its code: --language ar --language de")
    if not set(skills.lands) <= set(LANDS):
        raise CannotChangeCounsellor("A Land is written such as DE-BY.")
    if not 1 <= skills.capacity <= MOST_AT_ONCE:
        raise CannotChangeCounsellor(f"The capacity is a number from 1 to {MOST_AT_ONCE}.")
    values = {
        "languages": list(skills.languages), "topics": list(skills.topics), "lands": list(skills.lands),
        "capacity": skills.capacity,
    }  # fmt: skip
    done = connection.execute(update(counsellors).where(counsellors.c.account_id == account_id).values(**values))
    if not done.rowcount:
        connection.execute(insert(counsellors).values(account_id=account_id, presence="away", seen_at=now, **values))
    note_action(connection, actor, "set_skills", f"account {name}", now)


def set_presence(connection: Connection, account_id: int, presence: Presence, now: datetime) -> None:
    """Say whether a counsellor is there.

    Raises:
        CannotChangeCounsellor: the account is no counsellor's, or there is no such presence.
    """
    if presence not in PRESENCES:
        raise CannotChangeCounsellor(f"A presence is {', '.join(PRESENCES)}.")
    wanted = update(counsellors).where(counsellors.c.account_id == account_id)
    if not connection.execute(wanted.values(presence=presence, seen_at=now)).rowcount:
        raise CannotChangeCounsellor("This account takes no handoffs; `flask counsellors set` makes it do so.")


def set_phone(connection: Connection, account_id: int, number: str, cipher: Cipher, actor: str, now: datetime) -> None:
    """Write down the telephone a counsellor is rung at for callers; an empty number takes it away.

    Args:
        connection: a unit of work.
        account_id: of the counsellor.
        number: as somebody types it, with or without the country.
        cipher: closes it.
        actor: who does it, for the audit.
        now: aware UTC.

    Raises:
        CannotChangeCounsellor: it is no number, or the account takes no handoffs.
    """
    read = read_number(number) if number.strip() else None
    if number.strip() and read is None:
        raise CannotChangeCounsellor("Write the number with its area code, such as 030 123456 or +49 30 123456.")
    stored = cipher.encrypt(read) if read else None
    wanted = update(counsellors).where(counsellors.c.account_id == account_id)
    if not connection.execute(wanted.values(phone_encrypted=stored)).rowcount:
        raise CannotChangeCounsellor("This account takes no handoffs; `flask counsellors set` makes it do so.")
    note_action(connection, actor, "set_phone", f"account {account_id}", now)


def find_phone(connection: Connection, account_id: int, cipher: Cipher) -> str | None:
    """The telephone a counsellor is rung at, None where none is set."""
    query = select(counsellors.c.phone_encrypted).where(counsellors.c.account_id == account_id)
    stored = connection.execute(query).scalar_one_or_none()
    return cipher.decrypt(stored) if stored else None


def is_counsellor(connection: Connection, account_id: int) -> bool:
    """Whether an account takes handoffs."""
    return connection.execute(select(counsellors.c.account_id).where(counsellors.c.account_id == account_id)).first() is not None


def note_seen(connection: Connection, account_id: int, now: datetime) -> None:
    """A counsellor's screen has asked for news."""
    connection.execute(update(counsellors).where(counsellors.c.account_id == account_id).values(seen_at=now))


def mark_away(connection: Connection, now: datetime) -> int:
    """Whoever has not been seen for long is away.

    Returns:
        How many there were.
    """
    gone = (counsellors.c.presence != "away") & (counsellors.c.seen_at < now - SEEN_LASTS)
    return connection.execute(update(counsellors).where(gone).values(presence="away")).rowcount


def read_counsellors(connection: Connection) -> Sequence[KnownCounsellor]:
    """All counsellors whose accounts are not disabled; the load counts what they hold and what they are offered."""
    return [
        KnownCounsellor(
            row.name,
            row.seen_at,
            Counsellor(
                id=row.account_id,
                languages=frozenset(row.languages),
                topics=frozenset(row.topics),
                lands=frozenset(row.lands),
                presence=row.presence,
                capacity=row.capacity,
                load=row.load,
                has_phone=row.phone_encrypted is not None,
                is_on_phone=row.is_on_phone,
            ),
        )
        for row in connection.execute(_COUNSELLORS)
    ]
