"""A conversation as whoever is signed in may see it now.

The guard has asked before whose it is (``owners``); since then it may have gone to somebody else, so each page looks again within
its own unit of work.
"""

from __future__ import annotations

from flask import abort
from sqlalchemy import Connection

from hotline.counselling.sight import Seen, Sight, look_at
from hotline.web.access import services
from hotline.web.console.owners import SUPERVISE
from hotline.web.staff_session import current_staff


def expect_sight(connection: Connection, handoff_id: int, *wanted: Sight) -> Seen:
    """An open handoff as whoever is signed in may see it; ends the request otherwise.

    Args:
        connection: of the request.
        handoff_id: of the address.
        wanted: how they must see it; none for any way.
    """
    staff = current_staff()
    now = services().clock()
    seen = look_at(connection, handoff_id, staff.account_id, now, may_watch=staff.may(SUPERVISE))
    if seen is None:
        abort(404)
    if wanted and seen.sight not in wanted:
        abort(403)
    return seen
