"""Three reviews by three people before a person's proposal is approved (E5)."""

import pytest
from tests.compensation.facts import view
from tests.compensation.story import Story

from amends.policy.load import default_policy
from compensation_svc.decisions.reviews import reviews_missing, reviews_needed

STAGES = ("first", "recheck", "final")


def told(*reviews: tuple[str, str | None], **opened) -> Story:
    story = Story()
    story.opened("soothing", **opened)
    for stage, by in reviews:
        story.tell("reviewed", stage=stage, verdict="right", **({"by": by} if by else {}))
    return story


@pytest.mark.parametrize(
    ("amount", "opened", "needed"),
    [
        (20_000, {}, ()),  # the agent's limit, CNY 200, included
        (20_001, {}, STAGES),
        (1, {"level": 2}, STAGES),
        (1, {"level": 1}, STAGES),
        (1, {"level": 3}, ()),
        (1, {"tags": ["dispute"]}, STAGES),
    ],
)
def test_e5_levels_1_and_2_disputes_and_what_is_above_the_agents_limit_need_them(amount, opened, needed):
    assert reviews_needed(default_policy(), view(told(**opened)), amount) == needed


def test_g4_a_reopening_that_raises_the_level_to_2_asks_for_them():
    story = told(level=3)
    story.tell("reopened", reason="not solved")
    assert reviews_needed(default_policy(), view(story), 1) == STAGES


@pytest.mark.parametrize(
    ("reviews", "missing"),
    [
        ((), STAGES),
        ((("first", "a"),), ("recheck", "final")),
        ((("first", "a"), ("recheck", "b"), ("final", "c")), ()),
        ((("recheck", "b"), ("first", "a"), ("final", "c")), ("recheck", "final")),  # none is skipped
        ((("first", "a"), ("recheck", "a"), ("final", "c")), ("recheck", "final")),  # never by the same person twice
        ((("first", "a"), ("recheck", "b"), ("final", "a")), ("final",)),
        ((("first", None), ("recheck", None), ("final", "c")), ("recheck", "final")),  # nobody twice is one person
    ],
)
def test_e5_each_stage_counts_after_those_before_it_and_by_another_person(reviews, missing):
    assert reviews_missing(STAGES, told(*reviews).events) == missing


@pytest.mark.parametrize(
    ("what", "data"),
    [("solution_proposed", {"remedy": {"type": "coupon", "amount": 5}}), ("reopened", {"reason": "not solved"})],
)
def test_a_new_proposal_or_a_reopening_begins_the_reviews_anew(what, data):
    story = told(("first", "a"), ("recheck", "b"), ("final", "c"))
    story.tell(what, **data)
    assert reviews_missing(STAGES, story.events) == STAGES
