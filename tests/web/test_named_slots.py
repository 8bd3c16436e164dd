"""What counsellors read of what a caller named: only what was agreed to, in words."""

from __future__ import annotations

from hotline.web.console.words import slots_in_words


def test_deadline_is_shown_as_a_day_and_what_was_only_heard_or_belongs_to_a_callback_is_not() -> None:
    slots = {"country": "GE", "deadline": "2026-11-30", "heard_country": "GM", "heard_day": "2026-12-30", "callback_times": "any"}
    assert slots_in_words(slots, "en", str) == {"country": "Georgia", "deadline": "30 Nov 2026"}
