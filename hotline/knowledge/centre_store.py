"""The directory of centres in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

from hotline.knowledge.centre_tables import COLUMNS
from hotline.knowledge.centres import Centre, Directory
from hotline.store.tables import centres


def read_directory(connection: Connection) -> Directory:
    """Every centre, in the order it was imported, those of low confidence and past their date included."""
    rows = connection.execute(select(*(centres.c[name] for name in COLUMNS)).order_by(centres.c.position)).all()
    return Directory(tuple(Centre(**{**row._mapping, "languages": tuple(row.languages)}) for row in rows))


def replace_centres(connection: Connection, found: Iterable[Centre], *, is_imported: bool) -> None:
    """Make the database hold exactly these centres.

    Args:
        connection: the unit of work.
        found: the centres.
        is_imported: an operator's own directory; the one of ``content/`` replaces it no more.
    """
    connection.execute(delete(centres))
    rows = [{**_row(centre), "position": position, "is_imported": is_imported} for position, centre in enumerate(found)]
    if rows:
        connection.execute(insert(centres), rows)


def _row(centre: Centre) -> dict[str, Any]:
    return {**asdict(centre), "languages": list(centre.languages)}


def has_own_directory(connection: Connection) -> bool:
    """Whether an operator has imported a directory."""
    return bool(connection.execute(select(exists().where(centres.c.is_imported))).scalar())
