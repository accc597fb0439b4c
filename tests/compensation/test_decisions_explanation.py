"""An explanation: whole in both languages, the same whenever it is asked for, each event by its id."""

import re
import string
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.compensation.facts import untouched, view
from tests.compensation.story import Story, item, order

from amends.events.registry import payload
from amends.policy.load import default_policy
from compensation_svc.decisions import catalogue as catalogues
from compensation_svc.decisions.catalogue import LANGUAGES, catalogue
from compensation_svc.decisions.explanation import Explained, explain
from compensation_svc.decisions.remedy import Seen, decide
from compensation_svc.decisions.sentences import read_said, said

ZONE = ZoneInfo("Asia/Shanghai")


def fields_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_that_a_decision_may_say_stands_in_both_catalogues():
    folder = Path(catalogues.__file__).parent
    keys = {key for path in folder.glob("*.py") for key in re.findall(r'said\(\s*"(\w+)"', path.read_text())}
    assert len(keys) > 30
    for language in LANGUAGES:
        assert keys <= set(catalogue(language).sentences)


def test_both_catalogues_say_the_same_with_the_same_values():
    zh, en = (catalogue(language) for language in ("zh", "en"))
    assert set(zh.sentences) == set(en.sentences)
    for key, sentence in en.sentences.items():
        assert fields_of(zh.sentences[key]) == fields_of(sentence), key
    assert {name: set(words) for name, words in zh.words.items()} == {n: set(words) for n, words in en.words.items()}


def test_money_is_written_in_major_units():
    sentence = catalogue("en").sentence(said("amount_is", amount=123_450, currency="CNY"), ZONE)
    assert sentence == "The amount is CNY 1,234.50."


def test_what_an_older_version_wrote_down_is_told_as_it_stands():
    assert catalogue("zh").sentence(read_said("the amount is 5"), ZONE) == "the amount is 5"


def explained():
    told = Story()
    told.opened("refund_only", order=order(item("1", 600_000), shipping_fee=800))
    told.liable("merchant", "M")
    breach = told.breach("B1")
    decision = decide(payload(breach), view(told), default_policy(), Seen(untouched(told), None, 0))
    shown = {**decision.fact.to_data(), "ticket_id": "T-1", "state": "decided"}
    return Explained(shown, 2, waits=True, steps=decision.steps, breach=breach, known=told.events, later=[], told=[])


def test_it_tells_breach_rule_reckoning_caps_payer_approval_and_events():
    about = explained()
    whole = explain(about, default_policy())
    assert whole["breach"] | {"due_at": ""} == {**about.breach.data, "event_id": about.breach.id, "due_at": ""}
    assert (whole["rule"], whole["amount"], whole["payer"]) == ("B1", 600_800, {"kind": "merchant", "id": "M"})
    assert whole["caps"]["limits"] == {"automatic": 500_000}
    assert (whole["caps"]["order_left"], whole["caps"]["lines_left"]) == (
        600_800,
        [{"line_id": "1", "amount": 600_000}],
    )
    assert [one["id"] for one in whole["events"]] == [one.id for one in (*about.known, about.breach)]
    assert [one["key"] for one in whole["steps"]] == [
        "missed",
        "known",
        "promised",
        "affected_in_full",
        "shipping",
        "order_left",
        "line_left",
        "amount_is",
        "carried_by",
        "ask_automatic_limit",
        "waits_for_approval",
    ]
    assert whole["sentences"]["en"][5:] == [
        "The order had CNY 6,008.00 left to refund.",
        "Line 1 had CNY 6,000.00 left to refund.",
        "The amount is CNY 6,008.00.",
        "It is carried by: merchant M.",
        "A person must approve: CNY 6,008.00 is above the automatic limit of CNY 5,000.00.",
        "It waits for a person's approval.",
    ]
    assert whole["sentences"]["zh"][8] == "承担方：商家 M。"
    assert len(whole["sentences"]["zh"]) == len(whole["steps"])


def test_the_same_facts_give_the_same_explanation():
    about = explained()
    assert explain(about, default_policy()) == explain(about, default_policy())
