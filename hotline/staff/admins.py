"""There is always somebody who can manage accounts from the screens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from hotline.staff.accounts import CannotChangeAccount
from hotline.staff.roles import ADMIN
from hotline.store.tables import staff_accounts, staff_roles


@contextmanager
def keeping_an_admin(connection: Connection) -> Iterator[None]:
    """Around a change of accounts: whoever makes it, one admin at least must be left who is not disabled.

    Two admins who disable each other in the same moment wait here for one another, and the second one is refused.

    Args:
        connection: a unit of work; it leaves nothing when this raises.

    Raises:
        CannotChangeAccount: nobody would be left.
    """
    query = (
        select(staff_accounts.c.id)
        .join(staff_roles, staff_roles.c.account_id == staff_accounts.c.id)
        .where(staff_roles.c.role == ADMIN, staff_accounts.c.disabled_at.is_(None))
        .order_by(staff_accounts.c.id)
    )
    connection.execute(query.with_for_update(of=staff_accounts)).all()
    yield
    if connection.execute(query).first() is None:
        raise CannotChangeAccount("last_admin", "Nobody could manage accounts any more; make another account an admin first.")
