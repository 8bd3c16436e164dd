"""Limits on requests for pages, by network address.

Webhooks are limited by sender (``dialogue.pace``); sounds, health and figures are not limited.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit

from hotline.services import Services
from hotline.services.upkeep import LIMIT_OPTIONS
from hotline.web.access import services

# Twilio fetches sounds and brings the words of people; machines ask for health and figures.
LIMITED_RULES = frozenset({"staff", "staff_door", "simulator"})
# What one customer of a network operator usually has.
NETWORK_BITS = {4: 24, 6: 56}


def limit_pages(app: Flask, hotline: Services) -> None:
    """Count requests for pages and refuse those that are too many, in front of every other check."""
    allowances = hotline.settings.allowances
    limits = (
        ("address", allowances.pages, lambda: _pseudonym(_address())),
        ("network", allowances.pages_network, lambda: _pseudonym(_network(_address()))),
        ("all", allowances.pages_all, lambda: "everybody"),
    )
    Limiter(
        _address,
        app=app,
        application_limits=[ApplicationLimit(text, key, scope=name, exempt_when=_is_free) for name, text, key in limits],
        strategy="sliding-window-counter",
        storage_uri=hotline.limit_storage,
        storage_options=LIMIT_OPTIONS if hotline.settings.redis_url else {},
        # A limit that cannot be counted stops nobody's work.
        swallow_errors=True,
        headers_enabled=True,
        on_breach=_count,
        enabled=allowances.is_on,
    )


def _is_free() -> bool:
    view: Any = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "access_rule", None) not in LIMITED_RULES


def _count(limit: RequestLimit) -> None:
    services().meter.count_slowed("page", next((name for name in ("address", "network", "all") if name in limit.key), "other"))


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
