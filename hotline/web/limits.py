"""Limits on requests for pages: of strangers by network address, of staff by session.

A counsellor must reach whoever is in danger, whatever strangers send from the same address, the same network or all over: who is
signed in is counted alone. Webhooks are limited by sender (``dialogue.pace``); sounds, health and figures are not limited.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit
from sqlalchemy.exc import SQLAlchemyError

from hotline.services import Services
from hotline.services.upkeep import LIMIT_OPTIONS
from hotline.web.access import services
from hotline.web.staff_session import cookie_name, find_staff

# Twilio fetches sounds and brings the words of people; machines ask for health and figures.
LIMITED_RULES = frozenset({"staff", "staff_door", "simulator"})
# What one customer of a network operator usually has.
NETWORK_BITS = {4: 24, 6: 56}


def limit_pages(app: Flask, hotline: Services) -> None:
    """Count requests for pages and refuse those that are too many, in front of every other check."""
    allowances = hotline.settings.allowances
    limits = (
        ("session", allowances.pages, lambda: _pseudonym(request.cookies[cookie_name(services())]), _is_free_or_strange),
        ("address", allowances.pages, lambda: _pseudonym(_address()), _is_free_or_signed_in),
        ("network", allowances.pages_network, lambda: _pseudonym(_network(_address())), _is_free_or_signed_in),
        ("all", allowances.pages_all, lambda: "everybody", _is_free_or_signed_in),
    )
    Limiter(
        _address,
        app=app,
        application_limits=[
            ApplicationLimit(text, key, scope=name, exempt_when=is_exempt) for name, text, key, is_exempt in limits
        ],
        strategy="sliding-window-counter",
        storage_uri=hotline.limit_storage,
        storage_options=LIMIT_OPTIONS if hotline.settings.redis_url else {},
        # A limit that cannot be counted stops nobody's work.
        swallow_errors=True,
        headers_enabled=True,
        on_breach=_count,
        enabled=allowances.is_on,
    )


def _is_free_or_strange() -> bool:
    return _is_free() or not _is_signed_in()


def _is_free_or_signed_in() -> bool:
    return _is_free() or _is_signed_in()


def _is_free() -> bool:
    return getattr(_view(), "access_rule", None) not in LIMITED_RULES


def _is_signed_in() -> bool:
    # The session is found once in a request, so that whoever only polls must be known as such before.
    g.is_poll = getattr(_view(), "access_is_poll", False)
    try:
        found = find_staff(services())
    except SQLAlchemyError:
        # What the database does not tell the page will ask again, and say so.
        return False
    return found is not None and found.stage == "full"


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def _count(limit: RequestLimit) -> None:
    services().meter.count_slowed(
        "page", next((name for name in ("session", "address", "network", "all") if name in limit.key), "other")
    )


def _address() -> str:
    return request.remote_addr or "unknown"


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    return str(ip_network(f"{known}/{NETWORK_BITS[known.version]}", strict=False))


def _pseudonym(address: str) -> str:
    return services().cipher.pseudonym(address)
