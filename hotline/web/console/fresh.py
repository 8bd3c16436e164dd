"""Pieces of open pages that are asked for again and again: what has not changed is not rendered and not sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Response, request

from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request

UNCHANGED = 304


def answer_poll(shown: object, render: Callable[[], str]) -> Response:
    """The piece, or that it is the one the page has.

    Args:
        shown: everything the piece depends on, as a value whose ``repr`` tells it from others.
        render: makes the piece.
    """
    tag = tag_of(shown)
    if tag in request.if_none_match:
        response = Response(status=UNCHANGED)
    else:
        response = Response(render(), content_type="text/html; charset=utf-8")
    response.set_etag(tag)
    return response


def tag_of(shown: object) -> str:
    """The tag of a piece as this person sees it."""
    language = language_of_request(current_staff())
    return hashlib.sha256(repr((language, shown)).encode()).hexdigest()[:32]
