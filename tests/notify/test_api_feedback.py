"""Result feedback (RULEBOOK I): in which form, what it said, who reads it, and what written feedback still lacks."""

from typing import Any

import httpx
import pytest
from tests.issuer import bearer
from tests.notify.conftest import Notify, key
from tests.notify.streams import POLICY, Stream

from amends.events.codec import event_from_json
from amends.policy.book import PublishedPolicy
from amends.policy.model import Policy

pytestmark = pytest.mark.servers

SAID = {
    "process_summary": "壶盖碎裂，供应商核实了照片。",
    "solution": "Full refund, agreed by phone.",
    "carried_out": "退款 150.00 元，5 月 14 日到账。",
    "satisfaction": "partly",
    "evaluation": "The supplier answered late.",
    "advice": "包装加防震垫。",
}
"""Everything that I2 asks for."""


async def give(client: httpx.AsyncClient, ticket: str = "T-1", form: str = "written", **said: Any) -> httpx.Response:
    answer = await client.post("/v1/feedback", json={"ticket_id": ticket, "form": form} | said, headers=key())
    assert answer.status_code == 201, answer.text
    return answer


async def items(client: httpx.AsyncClient, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/feedback", params=filters)).json()["items"]
    return found


@pytest.mark.parametrize("form", ["written", "spoken"])
async def test_i3_feedback_is_recorded(client: httpx.AsyncClient, notify: Notify, form: str) -> None:
    await notify.take(Stream().opened())
    answer = await client.post("/v1/feedback", json={"ticket_id": "T-1", "form": form}, headers=key())
    assert answer.status_code == 201
    assert await notify.told() == [("feedback_given", form)]


@pytest.mark.parametrize("given", [{"level": 2}, {"tags": ["dispute"]}])
async def test_i1_the_result_of_a_serious_ticket_is_told_in_writing(
    client: httpx.AsyncClient, notify: Notify, given: dict[str, Any]
) -> None:
    await notify.take(Stream().opened(**given))
    refused = await client.post("/v1/feedback", json={"ticket_id": "T-1", "form": "spoken"}, headers=key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "form")
    written = await client.post("/v1/feedback", json={"ticket_id": "T-1", "form": "written"}, headers=key())
    assert written.status_code == 201
    assert await notify.told() == [("feedback_given", "written")]


async def test_all_that_the_feedback_said_is_read_again_with_its_form_and_when_i2(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    await notify.take(Stream().opened(level=2))
    answer = await give(client, **SAID)
    event = event_from_json(answer.json())
    (item,) = await items(client)
    assert item == SAID | {
        "feedback_id": event.id,
        "ticket_id": "T-1",
        "ticket_no": "NO-T-1",
        "form": "written",
        "form_asked": "written",
        "missing": [],
        "given_by": "li",
        "given_at": answer.json()["time"],
    }


async def test_its_words_are_in_no_event_and_in_no_answer_that_is_kept_i2(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    await notify.take(Stream().opened())
    answer = await give(client, **SAID)
    assert answer.json()["data"] == {"form": "written"}
    elsewhere = [await notify.rows(f"SELECT * FROM {table}") for table in ("outbox", "idempotency", "tickets")]
    for words in SAID.values():
        assert words not in answer.text
    assert SAID["solution"] not in str(elsewhere)
    assert SAID["advice"] not in str(elsewhere)


@pytest.mark.parametrize(
    ("form", "said", "missing"),
    [
        ("written", SAID, None),
        ("written", {}, "process_summary, solution, carried_out, satisfaction, evaluation, advice"),
        ("written", SAID | {"advice": None}, "advice"),
        ("written", SAID | {"advice": " \n"}, "advice"),  # blank is nothing said
        ("written", SAID | {"satisfaction": "not_said"}, None),  # asked, and that is the answer
        ("spoken", {}, None),
        ("spoken", {"solution": "Told by phone."}, None),
    ],
)
async def test_what_written_feedback_lacks_is_pointed_out_and_refuses_nothing_i2(
    client: httpx.AsyncClient, notify: Notify, form: str, said: dict[str, Any], missing: str | None
) -> None:
    await notify.take(Stream().opened())
    answer = await give(client, form=form, **said)
    assert answer.headers.get("Feedback-Missing") == missing
    (item,) = await items(client)
    assert item["missing"] == (missing.split(", ") if missing else [])
    assert {name: item[name] for name in SAID if name in item} == {
        name: words for name, words in said.items() if words and words.strip()
    }


async def test_a_request_sent_again_points_out_the_same_and_keeps_no_second_feedback_i2(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    await notify.take(Stream().opened())
    body, header = {"ticket_id": "T-1", "form": "written", "advice": "Say so earlier."}, key()
    first = await client.post("/v1/feedback", json=body, headers=header)
    again = await client.post("/v1/feedback", json=body, headers=header)
    assert again.json() == first.json()
    assert again.headers["Feedback-Missing"] == first.headers["Feedback-Missing"]
    assert len(await items(client)) == 1


async def test_a_policy_that_asks_for_no_contents_misses_none_i2(client: httpx.AsyncClient, notify: Notify) -> None:
    body = POLICY.body()
    body["feedback"]["contents"] = None  # as every version was that was published before contents were kept
    notify.policies.put(PublishedPolicy("demo", 2, Policy.read(body)))
    await notify.take(Stream().opened(policy_version=2))
    assert "Feedback-Missing" not in (await give(client)).headers


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"advice": "x" * 10_001}, "advice"),
        ({"solution": "a\u0000b"}, "solution"),
        ({"process_summary": 5}, "process_summary"),
        ({"satisfaction": "furious"}, "satisfaction"),
        ({"mood": "good"}, "mood"),
    ],
)
async def test_contents_that_nobody_could_keep_are_refused_by_name_i2(
    client: httpx.AsyncClient, notify: Notify, said: dict[str, Any], field: str
) -> None:
    await notify.take(Stream().opened())
    body = {"ticket_id": "T-1", "form": "written"} | said
    answer = await client.post("/v1/feedback", json=body, headers=key())
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    assert await notify.told() == []


async def test_the_longest_words_are_kept_whole_i2(client: httpx.AsyncClient, notify: Notify) -> None:
    await notify.take(Stream().opened())
    await give(client, advice="改" * 10_000)
    assert (await items(client))[0]["advice"] == "改" * 10_000


async def test_half_of_a_surrogate_pair_is_refused_and_breaks_nothing_i2(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    await notify.take(Stream().opened())
    raw = b'{"ticket_id": "T-1", "form": "written", "advice": "\\ud800"}'
    answer = await client.post("/v1/feedback", content=raw, headers=key() | {"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_feedback_is_listed_by_ticket_in_the_order_given_in_pages_i2(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    stream = Stream()
    await notify.take(stream.opened("T-1"), stream.opened("T-2"))
    for number in range(5):
        await give(client, "T-1", advice=f"{number}")
        await give(client, "T-2", form="spoken")
    seen: list[str] = []
    url: str | None = "/v1/feedback?ticket=T-1&limit=2"
    while url:
        answer = await client.get(url)
        seen += [item["advice"] for item in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url")
    assert seen == ["0", "1", "2", "3", "4"]
    assert [item["ticket_id"] for item in await items(client, limit="3")] == ["T-1", "T-2", "T-1"]
    assert await items(client, ticket="T-9") == []


async def test_what_a_ticket_asked_for_then_stands_beside_the_form_that_it_got_i1(
    client: httpx.AsyncClient, notify: Notify
) -> None:
    stream = Stream()
    await notify.take(stream.opened())
    await give(client, form="written")  # spoken would have done
    await notify.take(stream.event("ticket.reclassified", level=1))
    await give(client, form="written")
    assert [item["form_asked"] for item in await items(client)] == ["spoken", "written"]


async def test_another_tenant_reads_none_of_it_and_an_analyst_all_i2(client: httpx.AsyncClient, notify: Notify) -> None:
    await notify.take(Stream().opened())
    await give(client, **SAID)
    read = await client.get("/v1/feedback", headers=bearer("analyst"))
    assert [item["advice"] for item in read.json()["items"]] == [SAID["advice"]]
    assert (await client.get("/v1/feedback", headers=bearer("admin", tenant="other"))).json()["items"] == []


async def test_the_published_description_names_the_contents_the_list_and_the_header_i2(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    schemas, paths = document["components"]["schemas"], document["paths"]["/v1/feedback"]
    assert SAID.keys() <= schemas["Feedback"]["properties"].keys()
    assert schemas["Feedback"]["required"] == ["ticket_id", "form"]
    assert SAID.keys() <= schemas["FeedbackItem"]["properties"].keys()
    listed = paths["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert listed == {"$ref": "#/components/schemas/FeedbackList"}
    assert "Feedback-Missing" in paths["post"]["responses"]["201"]["headers"]
