"""Who may do what, to whose things: a row for every page of staff and every method, a column for every role.

The table is ``matrix.csv``. What has no row is refused; a row narrows what the permissions of ``roles.py`` give, it never
widens that.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from hotline.errors import CannotStart
from hotline.staff.roles import ROLES

# own: what belongs to the person; others: everything but that (nobody gives themselves a role); all: both.
Scope = Literal["no", "own", "others", "all"]
MATRIX_PATH = Path(__file__).with_name("matrix.csv")
COLUMNS = ("endpoint", "method", *ROLES, "shared")


class BrokenMatrix(CannotStart):
    """The table cannot be used. The message names the row and the remedy."""


@dataclass(frozen=True)
class Right:
    """One row.

    Args:
        endpoint: of the view.
        method: GET or POST; HEAD is a GET.
        scopes: role -> what of.
        shared: why the things the address names belong to nobody in particular; empty where they have an owner, or none is named.
    """

    endpoint: str
    method: str
    scopes: Mapping[str, Scope]
    shared: str = ""

    def scope_of(self, roles: Iterable[str], permission: str) -> Scope:
        """What somebody with these roles may do it to; a role counts only when it has the permission itself."""
        found = {self.scopes.get(role, "no") for role in roles if permission in ROLES.get(role, frozenset())} - {"no"}
        if not found:
            return "no"
        return found.pop() if len(found) == 1 else "all"


def covers(scope: Scope, is_own: bool) -> bool:
    """Whether a scope holds for a thing of one's own, or for somebody else's."""
    return scope == "all" or scope == ("own" if is_own else "others")


@cache
def load_matrix(path: Path = MATRIX_PATH) -> Mapping[tuple[str, str], Right]:
    """Read the table: (endpoint, method) -> its row.

    Raises:
        BrokenMatrix: a column is missing, a row is there twice, or a cell holds another word.
    """
    rights: dict[tuple[str, str], Right] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise BrokenMatrix(f"{path.name}: the columns must be {', '.join(COLUMNS)}.")
        for row in rows:
            right = _right(path.name, rows.line_num, row)
            if (right.endpoint, right.method) in rights:
                raise BrokenMatrix(f"{path.name}, line {rows.line_num}: {right.endpoint} {right.method} has a row already.")
            rights[right.endpoint, right.method] = right
    return rights


def _right(name: str, line: int, row: Mapping[str, str]) -> Right:
    scopes = {role: row[role] for role in ROLES}
    if not set(scopes.values()) <= set(get_args(Scope)):
        raise BrokenMatrix(f"{name}, line {line}: a cell of a role holds one of {', '.join(get_args(Scope))}.")
    return Right(row["endpoint"], row["method"], scopes, row["shared"] or "")  # type: ignore[arg-type]


def draft_row(endpoint: str, method: str, permission: str, *, has_owner: bool, names_things: bool) -> str:
    """A line for a view that has none yet, to be read before it is kept: as wide as its permission, own things only.

    Args:
        endpoint: of the view.
        method: GET or POST.
        permission: the view names.
        has_owner: whether the view says whose its things are.
        names_things: whether its address has a changing part.
    """
    wide = "own" if has_owner else "all"
    cells = [wide if permission in held else "no" for held in ROLES.values()]
    return ",".join([endpoint, method, *cells, "SAY WHY" if names_things and not has_owner else ""])
