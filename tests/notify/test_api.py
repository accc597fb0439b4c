"""The paths of CONTRACT §6 that notify answers: who may, what is refused, what is recorded."""

from typing import Any

import httpx
import pytest
from tests.issuer import bearer
from tests.notify.conftest import MakeDeliveries, Notify, key
from tests.notify.streams import Stream

from amends.events.codec import event_from_json
from amends.roles import ROLES

pytestmark = pytest.mark.servers

AGENTS = {"specialist", "team_leader", "manager", "admin", "service"}


def started(stream: Stream, ticket: str = "T-1", at: str = "2026-05-13T01:20:00Z", run: int = 1) -> Any:
    said = {"clock": "contact_interval", "run": run, "rule": "H1", "start_at": at, "due_at": at, "policy_version": 1}
    return stream.event("sla.clock_started", ticket, calendar_confirmed=True, **said)


async def open_revisit(client: httpx.AsyncClient, **filters: str) -> dict[str, Any]:
    items = (await client.get("/v1/revisits", params={"state": "open", **filters})).json()["items"]
    assert len(items) == 1
    found: dict[str, Any] = items[0]
    return found


async def test_revisits_are_listed_by_due_time_with_what_an_agent_needs(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    stream = Stream()
    await notify.take(stream.opened("T-1", owner="li"), started(stream, "T-1", at="2026-05-13T22:00:00Z"))
    await notify.take(stream.opened("T-2"), started(stream, "T-2"))
    items = (await client.get("/v1/revisits")).json()["items"]
    assert [(r["ticket_id"], r["due_at"], r["reason"], r["state"]) for r in items] == [
        ("T-2", "2026-05-14T13:00:00.000000Z", "open_case", "open"),
        ("T-1", "2026-05-15T10:00:00.000000Z", "open_case", "open"),
    ]
    assert (items[1]["owner"], items[1]["ticket_no"], items[1]["rule"], items[1]["tells"]) == (
        "li", "NO-T-1", "H1", "progress"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"ticket": "T-1"}, ["T-1"]),
        ({"owner": "li"}, ["T-1"]),
        ({"owner": "wang"}, []),
        ({"before": "2026-05-14T21:00:00+08:00"}, []),  # due before it, not at it
        ({"before": "2026-05-14T13:00:01Z"}, ["T-2"]),
        ({"state": "done"}, []),
        ({"reason": "care"}, []),
    ],
)
async def test_revisits_are_filtered(
    client: httpx.AsyncClient, notify: Notify, filters: dict[str, str], found: list[str]
) -> None:
    stream = Stream()
    await notify.take(stream.opened("T-1", owner="li"), started(stream, "T-1", at="2026-05-13T22:00:00Z"))
    await notify.take(stream.opened("T-2"), started(stream, "T-2"))
    items = (await client.get("/v1/revisits", params=filters)).json()["items"]
    assert [item["ticket_id"] for item in items] == found


@pytest.mark.parametrize("path", ["/v1/revisits", "/v1/messages"])
async def test_lists_come_in_pages_that_miss_and_repeat_nothing(
    client: httpx.AsyncClient, notify: Notify, path: str
) -> None:
    stream = Stream()
    for n in range(5):
        await notify.take(stream.opened(f"T-{n}"), started(stream, f"T-{n}"))  # all due at one instant
    seen: list[str] = []
    url: str | None = f"{path}?limit=2"
    while url:
        answer = await client.get(url)
        seen += [item["ticket_id"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
    assert sorted(seen) == [f"T-{n}" for n in range(5)]


@pytest.mark.parametrize("path", ["/v1/revisits", "/v1/messages", "/v1/feedback"])
@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIiwiYiJd", "W251bGwsbnVsbF0"])
async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient, path: str, cursor: str) -> None:
    answer = await client.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "params",
    [{"before": "2026-05-14T13:00:00"}, {"before": "soon"}, {"state": "late"}, {"limit": "0"}, {"ticket": "\0"}],
)
async def test_a_filter_that_makes_no_sense_is_refused_by_name(
    client: httpx.AsyncClient, params: dict[str, str]
) -> None:
    answer = await client.get("/v1/revisits", params=params)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(params)


@pytest.mark.parametrize("outcome", ["solved", "not_solved", "unreachable"])
async def test_a_revisits_outcome_is_recorded_with_who_did_it(
    client: httpx.AsyncClient, notify: Notify, outcome: str
) -> None:
    await notify.take(started(Stream()))
    revisit_id = (await open_revisit(client))["revisit_id"]
    answer = await client.post(f"/v1/revisits/{revisit_id}/outcome", json={"outcome": outcome}, headers=key())
    assert answer.status_code == 201
    event = event_from_json(answer.json())
    assert (event.type, event.subject) == ("amends.contact.revisit_done.v1", "T-1")
    assert event.data == {"revisit_id": revisit_id, "outcome": outcome, "by": "li"}
    assert event in await notify.published()
    (row,) = (await client.get("/v1/revisits")).json()["items"]
    assert (row["state"], row["outcome"], row["done_by"]) == ("done", outcome, "li")


async def test_a_revisit_is_done_once_under_one_key_and_not_again_under_another(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    await notify.take(started(Stream()))
    url = f"/v1/revisits/{(await open_revisit(client))['revisit_id']}/outcome"
    header = key()
    first = await client.post(url, json={"outcome": "solved"}, headers=header)
    again = await client.post(url, json={"outcome": "solved"}, headers=header)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await client.post(url, json={"outcome": "solved"}, headers=key())).status_code == 409
    assert [what[0] for what in await notify.told()] == ["revisit_planned", "revisit_done"]


async def test_a_revisit_that_a_contact_made_needless_cannot_be_done(client: httpx.AsyncClient, notify: Notify) -> None:
    stream = Stream()
    await notify.take(started(stream))
    url = f"/v1/revisits/{(await open_revisit(client))['revisit_id']}/outcome"
    await notify.take(stream.event("sla.clock_stopped", clock="contact_interval", run=1, outcome="met"))
    answer = await client.post(url, json={"outcome": "solved"}, headers=key())
    assert answer.status_code == 409
    assert "replaced" in answer.json()["detail"]


async def test_a_customer_rates_once_with_the_link_of_the_message(
    client: httpx.AsyncClient, notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    stream = Stream()
    await notify.take(stream.opened(), stream.event("ticket.closed"))
    deliveries = make_deliveries()
    while await deliveries.deliver_one():
        pass
    inbox = (await sandbox.get("/inbox")).json()["items"]
    link = next(m["text"] for m in inbox if m["template"] == "survey").rpartition("/")[2]
    shop = bearer("storefront")
    answer = await client.post(f"/v1/surveys/{link}", json={"rating": 2}, headers=shop | key())
    assert answer.status_code == 201
    assert answer.json()["data"] == {"rating": 2}
    again = await client.post(f"/v1/surveys/{link}", json={"rating": 5}, headers=shop | key())
    assert again.status_code == 409
    other = await client.post("/v1/surveys/guess", json={"rating": 5}, headers=shop | key())
    foreign = await client.post(
        f"/v1/surveys/{link}", json={"rating": 5}, headers=bearer("storefront", tenant="other") | key()
    )
    assert (other.status_code, foreign.status_code) == (404, 404)
    told = await notify.told()
    assert told[-1] == ("survey_answered", "2")
    assert ("survey_sent",) in told
    assert link not in str(await notify.rows("SELECT * FROM surveys"))  # only its digest is kept


@pytest.mark.parametrize("rating", [0, 6, "5", 4.5, None])
async def test_a_rating_is_a_whole_number_from_1_to_5(client: httpx.AsyncClient, rating: Any) -> None:
    answer = await client.post("/v1/surveys/x", json={"rating": rating}, headers=key())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "rating"


async def test_messages_say_what_went_out_and_what_became_of_it(
    client: httpx.AsyncClient, notify: Notify, make_deliveries: MakeDeliveries
) -> None:
    stream = Stream()
    await notify.take(stream.opened("T-1"), stream.opened("T-2"))
    await make_deliveries().deliver_one()
    (sent,) = (await client.get("/v1/messages", params={"ticket": "T-1"})).json()["items"]
    assert (sent["template"], sent["to"], sent["language"], sent["state"]) == (
        "ticket_received", "customer", "zh", "sent"
    )  # fmt: skip
    assert (sent["template_version"], sent["attempts"], sent["channel"]) == ("2", 1, "storefront")
    (queued,) = (await client.get("/v1/messages", params={"state": "queued"})).json()["items"]
    assert queued["ticket_id"] == "T-2"
    assert (await client.get("/v1/messages", params={"to": "department"})).json()["items"] == []


async def test_a_tenants_own_words_are_sent_in_their_newest_version(
    client: httpx.AsyncClient, notify: Notify, make_deliveries: MakeDeliveries, sandbox: httpx.AsyncClient
) -> None:
    manager = bearer("manager", subject="zhao")
    for text in ("{name}，您好。第一版。", "{name}，您好。工单 {ticket_no} 已受理。"):
        body = {"template": "ticket_received", "language": "zh", "subject": "收到", "texts": [{"text": text}]}
        answer = await client.put("/v1/templates", json=body, headers=manager)
        assert answer.status_code == 200, answer.text
    shown = (await client.get("/v1/templates")).json()["items"]
    (own,) = [item for item in shown if item["own"]]
    assert (own["template"], own["language"], own["version"], own["author"]) == ("ticket_received", "zh", 2, "zhao")
    await notify.take(Stream().opened())
    await make_deliveries().deliver_one()
    assert [m["text"] for m in (await sandbox.get("/inbox")).json()["items"]] == [
        "尊敬的顾客，您好。工单 NO-T-1 已受理。"
    ]
    assert (await client.get("/v1/messages")).json()["items"][0]["template_version"] == "demo/2"
    other = (await client.get("/v1/templates", headers=bearer("analyst", tenant="other"))).json()["items"]
    assert not any(item["own"] for item in other)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("按照规定不予受理。", "O1"),
        ("我们会尽量处理。", "O5"),
        ("{customer_phone}", "place"),
        ("{name.__class__}", "place"),
        ("", "character"),
    ],
)
async def test_words_that_rulebook_o_forbids_are_refused(client: httpx.AsyncClient, text: str, problem: str) -> None:
    body = {"template": "ticket_received", "language": "zh", "subject": "收到", "texts": [{"text": text}]}
    answer = await client.put("/v1/templates", json=body, headers=bearer("manager"))
    assert answer.status_code == 422
    assert problem in str(answer.json()["errors"])


GETS = ["/v1/revisits", "/v1/messages", "/v1/templates", "/v1/feedback"]
UNKNOWN = "00000000-0000-0000-0000-000000000001"
STEPS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("POST", f"/v1/revisits/{UNKNOWN}/outcome", {"outcome": "solved"}, AGENTS),
    ("POST", "/v1/feedback", {"ticket_id": "T-9", "form": "spoken"}, AGENTS),
    ("POST", "/v1/surveys/x", {"rating": 5}, AGENTS | {"storefront"}),
    ("PUT", "/v1/templates", {}, {"manager", "admin", "service"}),
]


@pytest.mark.parametrize("role", ROLES)
async def test_every_path_is_open_to_its_roles_and_to_no_other(client: httpx.AsyncClient, role: str) -> None:
    readers = AGENTS | {"analyst"}
    for path in GETS:
        status = (await client.get(path, headers=bearer(role))).status_code
        assert (status == 200) == (role in readers), (path, role)
        assert status in {200, 403}
    for method, path, body, roles in STEPS:
        status = (await client.request(method, path, json=body, headers=bearer(role) | key())).status_code
        assert (status != 403) == (role in roles), (path, role, status)
        assert status in {403, 404, 422}


@pytest.mark.parametrize(("method", "path", "body"), [step[:3] for step in STEPS])
async def test_without_a_token_nothing_is_done(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    del client.headers["Authorization"]
    assert (await client.request(method, path, json=body, headers=key())).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), [step[:3] for step in STEPS if step[0] == "POST"])
async def test_a_step_needs_its_idempotency_key_and_knows_its_fields(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    assert (await client.request(method, path, json=body)).status_code == 400
    answer = await client.request(method, path, json=body | {"colour": "red"}, headers=key())
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["colour"]


async def test_another_tenants_revisit_ticket_and_message_are_not_there(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    stream = Stream()
    await notify.take(stream.opened(), started(stream))
    revisit_id = (await open_revisit(client))["revisit_id"]
    other = bearer("admin", tenant="other")
    for path in ("/v1/revisits", "/v1/messages", "/v1/feedback"):
        assert (await client.get(path, headers=other)).json()["items"] == []
    done = await client.post(f"/v1/revisits/{revisit_id}/outcome", json={"outcome": "solved"}, headers=other | key())
    given = await client.post("/v1/feedback", json={"ticket_id": "T-1", "form": "spoken"}, headers=other | key())
    assert (done.status_code, given.status_code) == (404, 404)
