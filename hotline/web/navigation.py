"""What the staff pages link to at the top: one line for each area; everybody sees what they may use."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.staff.roles import COUNSELLORS_EDIT, OWN_ACCOUNT
from hotline.staff.sessions import StaffSession
from hotline.web.staff_texts import screen_key


@dataclass(frozen=True)
class Area:
    """One entry: where it leads, what it is called, what one needs for it."""

    endpoint: str
    name: str
    permission: str


# A new screen adds its line here; the first one somebody may use is where they come to after signing in.
AREAS = (
    Area("console.show", screen_key("console.name"), "console.use"),
    Area("console_board.show", screen_key("console.board"), "reports.see"),
    Area("studio.overview", screen_key("studio.name"), "content.see"),
    Area("staff_admin.show_all", screen_key("staff.area_accounts"), "staff.manage"),
    Area("staff_counsellors.show_all", screen_key("staff.area_counsellors"), COUNSELLORS_EDIT),
    Area("staff_audit.show", screen_key("staff.area_audit"), "audit.see"),
    Area("console_delivery.show", screen_key("console.delivery"), "delivery.tend"),
    Area("account.show", screen_key("staff.area_account"), OWN_ACCOUNT),
)


def areas_of(session: StaffSession) -> list[Area]:
    """The areas somebody may use, in order."""
    return [area for area in AREAS if session.may(area.permission)]
