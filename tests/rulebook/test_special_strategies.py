"""RULEBOOK J in `amends simulate`: what a tenant's own lists add to what the default policy does."""

from datetime import timedelta
from typing import Any

from tests.rulebook.rules import POLICY
from tests.shared.policy.bodies import default_raw
from tests.simulate.streams import SILENT, lines, of, said, written

from amends.policy.load import load
from amends_cli.simulate.telling import Said

ABOUT_ACME = [
    (what, after, data | {"brand": "Acme"} if after == timedelta(0) else data) for what, after, data in SILENT
]


def listing(*brands: str, **contacts: Any) -> Any:
    raw = default_raw()
    raw["brands"]["names"] = list(brands)
    raw["contacts"]["brands"] = contacts
    return load(raw)


def facts_of(one: Said) -> tuple[str, Any, dict[str, Any]]:
    """Return what an event says but for its revisit's id, which counts what was said before."""
    data = {name: value for name, value in one.fact.to_data().items() if name != "revisit_id"}
    return one.fact.wire_type, one.time, data


def test_the_contact_of_a_famous_brand_is_told_at_once_and_the_rest_stays_as_it_was_j2() -> None:
    stream = lines(*ABOUT_ACME)
    listed, named = (
        said(stream, policy=listing("Acme")),
        said(stream, policy=listing("Acme", Acme={"email": "a@b.test"})),
    )
    (told,) = of(named, "contact.message_sent", to="brand")
    assert (told.fact.to_data()["template"], told.time) == ("brand_notice", listed[0].time)
    assert [facts_of(one) for one in named if one is not told] == [facts_of(one) for one in listed]


def test_a_brand_without_a_contact_and_the_default_policy_tell_nobody_more_j2() -> None:
    stream = lines(*ABOUT_ACME)
    assert of(said(stream, policy=listing("Acme")), "contact.message_sent", to="brand") == []
    assert written(said(stream, policy=POLICY)) == written(said(lines(*SILENT), policy=POLICY))
