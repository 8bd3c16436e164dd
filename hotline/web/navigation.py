"""What the staff pages link to at the top: one line for each area; everybody sees what they may use."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.staff.roles import OWN_ACCOUNT
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
    Area("studio.overview", screen_key("studio.name"), "content.see"),
    Area("account.show", screen_key("staff.area_account"), OWN_ACCOUNT),
)


def areas_of(session: StaffSession) -> list[Area]:
    """The areas somebody may use, in order."""
    return [area for area in AREAS if session.may(area.permission)]
