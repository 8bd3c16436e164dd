"""The table of error codes, and the waits between tries."""

import pytest

from hotline.telephony.retry import RETRY_LATE_SECONDS, WAIT_SECONDS, Decision, decide, next_attempt_seconds


@pytest.mark.parametrize(
    ("code", "decision"),
    [
        *((code, "fail") for code in (21211, 21408, 21603, 21606, 21612, 21614, 21635, 21663)),
        *((code, "fail") for code in (11751, 30004, 30005, 30006, 30007, 30036, 63016)),
        *((code, "retry") for code in (20003, 20429, 21611, 30001, 30003, 30008, 63017)),
        (21610, "opted_out"),
    ],
)
def test_every_error_code_of_the_fact_sheet_has_its_decision(code: int, decision: Decision) -> None:
    assert decide(None, code) == decision


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_or_broken_provider_is_asked_again(status: int) -> None:
    assert decide(status, None) == "retry"


@pytest.mark.parametrize("status", [None, 408, 502, 504])
def test_no_answer_of_who_should_have_taken_it_is_unclear_and_not_tried_again(status: int | None) -> None:
    assert decide(status, None) == "unclear"


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_an_unknown_refusal_fails(status: int) -> None:
    assert decide(status, None) == "fail"
    assert decide(status, 99999) == "fail"


def test_an_unknown_error_of_a_status_callback_fails() -> None:
    assert decide(None, 99999) == "fail"


def test_a_known_code_counts_more_than_the_http_status() -> None:
    assert decide(500, 21610) == "opted_out"
    assert decide(400, 20429) == "retry"


def test_the_waits_grow_up_to_one_hour_and_end() -> None:
    waits = [next_attempt_seconds(attempt) for attempt in range(len(WAIT_SECONDS))]
    assert waits[0] == 0
    assert waits == sorted(wait for wait in waits if wait is not None)
    assert waits[-1] == 3600
    assert next_attempt_seconds(len(WAIT_SECONDS)) is None


def test_an_unknown_delivery_error_is_tried_once_more_only() -> None:
    assert next_attempt_seconds(1, 30008) == RETRY_LATE_SECONDS
    assert next_attempt_seconds(2, 30008) is None


def test_a_phone_that_is_off_gets_time_to_come_back() -> None:
    assert next_attempt_seconds(1, 30003) == RETRY_LATE_SECONDS
    assert next_attempt_seconds(7, 30003) == 3600


def test_a_negative_count_of_tries_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="attempt"):
        next_attempt_seconds(-1)
