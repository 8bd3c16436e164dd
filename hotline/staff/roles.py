"""What each role may do: one table, and whatever is not in it is refused."""

from __future__ import annotations

from collections.abc import Iterable

# Everybody who is signed in: one's own password, sessions and language.
OWN_ACCOUNT = "account.own"

ROLES: dict[str, frozenset[str]] = {
    "editor": frozenset({OWN_ACCOUNT, "content.see", "content.edit", "facts.edit"}),
    "reviewer": frozenset({OWN_ACCOUNT, "content.see", "content.approve", "facts.edit", "languages.train"}),
    "counsellor": frozenset({OWN_ACCOUNT, "content.see", "console.use", "numbers.reveal"}),
    "supervisor": frozenset({OWN_ACCOUNT, "content.see", "console.use", "console.supervise", "reports.see"}),
    "admin": frozenset({OWN_ACCOUNT, "staff.manage", "audit.see"}),
}
PERMISSIONS = frozenset().union(*ROLES.values())
# Who manages accounts is worth more to a thief: such a session ends sooner.
ADMIN = "admin"


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything these roles together may do; an unknown role may do nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
