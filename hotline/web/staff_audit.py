"""The audit on screen: who did what to what, and when; names of accounts and ids, nothing of a person who asked."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, request

from hotline.privacy.audit import Looked, known_actions, list_actions
from hotline.web.access import access, services
from hotline.web.staff_pages import GERMANY, render_staff
from hotline.web.staff_texts import screen_key

audit = Blueprint("staff_audit", __name__, url_prefix="/staff/audit")

ON_A_PAGE = 100
LONGEST_ID = 15
# What has no name here is shown as it is stored.
ACTION_NAMES = {
    "add_account": screen_key("staff.audit_add_account"),
    "change_language": screen_key("staff.audit_change_language"),
    "change_password": screen_key("staff.audit_change_password"),
    "disable_account": screen_key("staff.audit_disable_account"),
    "enable_account": screen_key("staff.audit_enable_account"),
    "end_session": screen_key("staff.audit_end_session"),
    "end_sessions": screen_key("staff.audit_end_sessions"),
    "enrol_device": screen_key("staff.audit_enrol_device"),
    "fail_code": screen_key("staff.audit_fail_code"),
    "fail_password": screen_key("staff.audit_fail_password"),
    "give_role": screen_key("staff.audit_give_role"),
    "renew_recovery_codes": screen_key("staff.audit_renew_recovery_codes"),
    "reset_account": screen_key("staff.audit_reset_account"),
    "set_skills": screen_key("staff.audit_set_skills"),
    "sign_in": screen_key("staff.audit_sign_in"),
    "sign_out": screen_key("staff.audit_sign_out"),
    "sign_out_everywhere": screen_key("staff.audit_sign_out_everywhere"),
    "take_role": screen_key("staff.audit_take_role"),
    "unlock_account": screen_key("staff.audit_unlock_account"),
    "use_recovery_code": screen_key("staff.audit_use_recovery_code"),
}


@audit.get("")
@access("staff", permission="audit.see")
def show() -> str:
    """The newest rows, of one deed, day or person where one is named."""
    given = request.args
    wanted, day, actor = given.get("action", ""), _day(given.get("day", "")), given.get("actor", "").strip()
    before = given.get("before", "")
    with services().database.read() as connection:
        actions = known_actions(connection)
        looked = Looked(
            actor=actor,
            action=wanted if wanted in actions else "",
            since=_begin(day) if day else None,
            until=_begin(day + timedelta(days=1)) if day else None,
            before_id=int(before) if before.isascii() and before.isdigit() and len(before) < LONGEST_ID else None,
        )
        rows = list_actions(connection, ON_A_PAGE + 1, looked)
    kept = {"action": looked.action, "day": day.isoformat() if day else "", "actor": actor}
    return render_staff(
        "staff/audit.html",
        rows=rows[:ON_A_PAGE],
        older=rows[ON_A_PAGE - 1]["id"] if len(rows) > ON_A_PAGE else None,
        actions=actions,
        action_names=ACTION_NAMES,
        kept=kept,
    )


def _day(written: str) -> date | None:
    """A day of an address; what is none, or stands at the end of the calendar, is left out."""
    if not re.fullmatch(r"20\d\d-\d\d-\d\d", written):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _begin(day: date) -> datetime:
    """When a day begins in Germany, as aware UTC."""
    return datetime.combine(day, time(), GERMANY).astimezone(UTC)
