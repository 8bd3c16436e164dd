"""Every table of the hotline, in one place to import from. Times are aware UTC."""

from __future__ import annotations

from hotline.store.columns import UtcDateTime, metadata
from hotline.store.conversation_tables import (
    addresses,
    audit,
    contacts,
    conversations,
    counters,
    handoffs,
    inbound_events,
    messages,
    opt_outs,
    outbox,
    questions,
    ratings,
)
from hotline.store.knowledge_tables import (
    articles,
    centres,
    country_facts,
    country_notes,
    fact_changes,
    facts,
    phrases,
    regressions,
    revisions,
    topics,
    translations,
)
from hotline.store.staff_tables import staff_accounts, staff_recovery_codes, staff_roles, staff_sessions, staff_throttles

__all__ = [
    "UtcDateTime",
    "addresses",
    "articles",
    "audit",
    "centres",
    "contacts",
    "conversations",
    "counters",
    "country_facts",
    "country_notes",
    "fact_changes",
    "facts",
    "handoffs",
    "inbound_events",
    "messages",
    "metadata",
    "opt_outs",
    "outbox",
    "phrases",
    "questions",
    "ratings",
    "regressions",
    "revisions",
    "staff_accounts",
    "staff_recovery_codes",
    "staff_roles",
    "staff_sessions",
    "staff_throttles",
    "topics",
    "translations",
]
