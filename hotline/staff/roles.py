"""What each role may do: one table, and whatever is not in it is refused."""

from __future__ import annotations

from collections.abc import Iterable

# Everybody who is signed in: one's own password, sessions and language.
OWN_ACCOUNT = "account.own"
# Say who of the counsellors can take what.
COUNSELLORS_EDIT = "counsellors.edit"

ROLES: dict[str, frozenset[str]] = {
    "editor": frozenset({OWN_ACCOUNT, "content.see", "content.edit", "facts.edit", "recordings.edit"}),
    "reviewer": frozenset({OWN_ACCOUNT, "content.see", "content.approve", "facts.edit", "languages.train"} | {"recordings.edit"}),
    "counsellor": frozenset({OWN_ACCOUNT, "content.see", "console.use", "numbers.reveal"}),
    "supervisor": frozenset(
        {OWN_ACCOUNT, "content.see", "console.use", "console.supervise", "reports.see", COUNSELLORS_EDIT, "delivery.tend"}
        | {"forms.edit"}
    ),
    "admin": frozenset({OWN_ACCOUNT, "staff.manage", "audit.see", COUNSELLORS_EDIT, "delivery.tend"}),
}
PERMISSIONS = frozenset().union(*ROLES.values())
# Who manages accounts is worth more to a thief: such a session ends sooner.
ADMIN = "admin"


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything these roles together may do; an unknown role may do nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def takes_handoffs(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles can be offered conversations."""
    return "console.use" in permissions_of(roles)
