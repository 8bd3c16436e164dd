"""An office on a database of each kind."""

from __future__ import annotations

import pytest

from hotline.store.database import Database
from tests.counselling.desks import Office


@pytest.fixture
def office(database: Database) -> Office:
    """Anna and Bert."""
    return Office(database)
