"""What the storefront's answers mean (CONTRACT §6, DESIGN 13: an unknown outcome is asked for, then resent)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation_svc.decisions.calls import (
    Backoff,
    NotThere,
    Pending,
    Refused,
    Succeeded,
    Unknown,
    asked_of,
    outcome_of,
)

SUCCEEDED = {"id": "R-1", "reference": "ref", "status": "succeeded"}


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_carries_the_storefronts_own_id(status):
    assert outcome_of(status, SUCCEEDED) == Succeeded("R-1")


def test_pending_and_refused_are_what_they_say():
    assert outcome_of(201, {"id": "R-1", "status": "pending"}) == Pending()
    assert outcome_of(200, {"id": "R-1", "status": "refused", "reason": "too much"}) == Refused("too much")


@pytest.mark.parametrize("status", [400, 404, 410, 413, 422])
def test_a_request_that_repeating_cannot_heal_is_refused(status):
    assert outcome_of(status, {"title": "no", "detail": "amount"}) == Refused(
        f"the storefront answered {status}: amount"
    )


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500, 502, 503, 504, 302])
def test_whatever_may_heal_or_is_unclear_is_unknown(status):
    assert isinstance(outcome_of(status, None), Unknown)


@pytest.mark.parametrize("body", [None, [], "ok", {}, {"status": "succeeded"}, {"id": "1", "status": "done"}])
def test_an_answer_that_says_nothing_we_know_is_unknown_never_success(body):
    assert isinstance(outcome_of(200, body), Unknown)


def test_asking_finds_ours_or_says_that_it_is_not_there():
    assert asked_of(200, {"items": [SUCCEEDED]}, "ref") == Succeeded("R-1")
    assert asked_of(200, SUCCEEDED, "ref") == Succeeded("R-1")
    assert asked_of(200, {"items": []}, "ref") == NotThere()
    assert asked_of(404, None, "ref") == NotThere()
    assert asked_of(200, {"items": [SUCCEEDED | {"reference": "another"}]}, "ref") == NotThere()


@pytest.mark.parametrize(("status", "body"), [(500, None), (401, {}), (200, []), (200, {"items": 3}), (200, {"x": 1})])
def test_a_question_without_an_answer_never_says_not_there(status, body):
    # "Not there" leads to a resend: only a storefront that was reached and looked may cause it.
    assert isinstance(asked_of(status, body, "ref"), Unknown)


def test_waits_double_up_to_the_longest():
    backoff = Backoff(0.5, 60)
    assert [backoff.wait_s(n, 0.5) for n in (1, 2, 3, 4)] == [0.5, 1, 2, 4]
    assert backoff.wait_s(40, 0.5) == 60


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_nothing_and_never_much_longer_than_the_longest(failures, spread):
    assert 0.3 < Backoff(0.5, 60).wait_s(failures, spread) <= 60 * 1.25
