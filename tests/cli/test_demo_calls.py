"""How the demo's calls outlive a killed service, and read what was published."""

import json
from collections.abc import Callable

import httpx
import pytest
from tests.cli.demo_stories import TICKET, case_of, ideal_events

from amends_cli.demo.calls import Calls, NoAnswer, Refused, heals, pause_s
from amends_cli.demo.model import AGENT, LEADER
from amends_cli.demo.watch import Watch

ENDPOINTS = {name: f"http://{name}.test" for name in ("intake", "sla", "compensation", "notify", "sandbox", "issuer")}


class Suite:
    """Plays the services: gives every token, and answers everything else as `answers` says, one after the other."""

    def __init__(self, *answers: httpx.Response | httpx.HTTPError | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            form = dict(httpx.QueryParams(request.content.decode()))
            return httpx.Response(200, json={"access_token": f"{form['role']}/{form.get('subject')}"})
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer(request) if callable(answer) else answer

    def calls(self, retry_within_s: float = 30.0) -> Calls:
        return Calls(ENDPOINTS, "secret", retry_within_s=retry_within_s, transport=httpx.MockTransport(self))


def created():
    return httpx.Response(201, json={"ticket_id": "T-1"})


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.Response(503),
        httpx.Response(500),
        httpx.Response(409, headers={"Retry-After": "1"}),
        httpx.Response(429),
    ],
    ids=str,
)
async def test_a_post_that_met_trouble_goes_again_with_the_same_key_and_body(trouble):
    suite = Suite(trouble, created())
    async with suite.calls() as calls:
        assert await calls.post("intake", "/v1/tickets", {"channel": "app"}, AGENT) == {"ticket_id": "T-1"}
    first, second = suite.seen
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.content == second.content


async def test_two_posts_have_keys_of_their_own():
    suite = Suite(created())
    async with suite.calls() as calls:
        await calls.post("intake", "/v1/tickets", {}, AGENT)
        await calls.post("intake", "/v1/tickets", {}, AGENT)
    first, second = suite.seen
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


async def test_a_refusal_is_told_with_its_errors_and_not_tried_again():
    problem = {"title": "Not valid", "detail": "one field", "errors": [{"field": "kind", "problem": "is unknown"}]}
    suite = Suite(httpx.Response(422, json=problem))
    async with suite.calls() as calls:
        with pytest.raises(Refused, match=r"Not valid: one field.*kind") as refused:
            await calls.post("intake", "/v1/tickets", {}, AGENT)
    assert refused.value.status == 422
    assert len(suite.seen) == 1


async def test_who_never_answers_is_given_up_after_the_limit():
    suite = Suite(httpx.ConnectError("refused"))
    async with suite.calls(retry_within_s=0) as calls:
        with pytest.raises(NoAnswer, match=r"intake gave no answer to POST /v1/tickets.*refused"):
            await calls.post("intake", "/v1/tickets", {}, AGENT)


async def test_everybody_comes_with_a_token_of_their_own():
    suite = Suite(created())
    async with suite.calls() as calls:
        await calls.post("intake", "/v1/tickets", {}, AGENT)
        await calls.post("intake", "/v1/tickets", {}, LEADER)
    assert [it.headers["Authorization"] for it in suite.seen] == [
        "Bearer specialist/agent-lin",
        "Bearer team_leader/leader-wu",
    ]


async def test_a_list_is_read_to_its_last_page():
    def page(request: httpx.Request) -> httpx.Response:
        if "cursor" in request.url.params:
            return httpx.Response(200, json={"items": [3]})
        link = '</v1/ledger?limit=2&cursor=abc>; rel="next"'
        return httpx.Response(200, json={"items": [1, 2]}, headers={"Link": link})

    suite = Suite(page)
    async with suite.calls() as calls:
        assert await calls.items("compensation", "/v1/ledger", limit=2) == [1, 2, 3]


async def test_a_glance_does_not_insist():
    suite = Suite(httpx.ConnectError("refused"))
    async with suite.calls() as calls:
        assert await calls.glance("sla", "/v1/events") is None
    assert len(suite.seen) == 1


def test_pauses_grow_and_stay_short():
    pauses = [pause_s(attempt) for attempt in range(1, 10)]
    assert pauses == sorted(pauses)
    assert pauses[-1] < 1


def test_a_plain_conflict_does_not_heal():
    assert not heals(httpx.Response(409))


async def test_watching_goes_on_from_the_last_event_and_survives_an_absent_service():
    events = ideal_events(case_of("B1-accepted"))
    lines = [
        json.dumps(
            {
                "specversion": "1.0",
                "id": event.id,
                "source": event.source,
                "type": event.type,
                "subject": event.subject,
                "time": event.time.isoformat(),
                "partitionkey": event.partitionkey,
                "tenantid": "demo",
                "data": event.data,
            }
        )
        for event in events
    ]

    def published(request: httpx.Request) -> httpx.Response:
        if request.url.host != "intake.test":
            return httpx.Response(503)
        start = int(request.url.params.get("after", "e0")[1:])
        rest = lines[start : start + 2]
        more = {"Link": '</v1/events?after=x>; rel="next"'} if start + 2 < len(lines) else {}
        return httpx.Response(200, text="\n".join(rest), headers=more)

    async with Suite(published).calls() as calls:
        watch = Watch(calls)
        await watch.look()
        await watch.look()
        assert [event.id for event, _ in watch.story(TICKET).told] == [
            event.id for event in sorted(events, key=lambda event: event.time)
        ]
