"""Numbers in addresses and forms, as far as a row of the database can have one."""

from __future__ import annotations

import logging

from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter, Map

log = logging.getLogger(__name__)

# What PostgreSQL holds in a column of ours; SQLite holds more.
LARGEST = 2**31 - 1


class RowNumber(IntegerConverter):
    """``<int:…>`` in an address: one that no row can have leads nowhere, instead of to an error of the database."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST)


def read_number(text: str) -> int:
    """A number of a form or a query; for ``type=`` of werkzeug's ``get``.

    Raises:
        ValueError: it is none, or larger than a row can have.
    """
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError("no row has such a number")
    return number


def refuse_unstorable(app: Flask) -> None:
    """Answer a value no column can hold (a number too large, a text too long) as a wrong request, not as a failure of ours."""

    @app.errorhandler(DataError)
    @app.errorhandler(OverflowError)
    def refuse(error: Exception) -> BadRequest | ResponseReturnValue:
        # The name of the error only: its text holds what somebody typed.
        log.warning("a value could not be stored", extra={"cause": type(error).__name__})
        return app.handle_http_exception(BadRequest())
