"""What people read: RULEBOOK O over every text, in both languages."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from tests.notify.streams import POLICY

from amends.instants import parse_instant
from amends.policy.values import CLOCK_ORDER
from notify_svc.decisions.catalogue import (
    LANGUAGES,
    PLACES,
    Entry,
    Variant,
    catalogue,
    language_of,
    places,
    wording_problems,
)
from notify_svc.decisions.render import NoText, render, write_instant, write_money

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVERY: dict[str, Any] = {
    "name": "王芳",
    "ticket_no": "NO-1",
    "department": "warehouse",
    "brand": "Acme",
    "clock": "dept_reply",
    "due_at": "2026-05-14T01:50:00.000000Z",
    "reply_due_at": "2026-05-13T10:00:00.000000Z",
    "remedy": "partial_refund",
    "amount": 3333,
    "currency": "CNY",
    "survey_link": "https://shop.test/rate/t",
    "kind": "complaint",
}


def texts() -> Iterator[Any]:
    for language in LANGUAGES:
        for name, entry in catalogue(language).templates.items():
            for number, variant in enumerate(entry.texts):
                yield pytest.param(language, name, variant, id=f"{language}-{name}-{number}")


def customer_templates() -> set[str]:
    return {row.template for row in POLICY.messages if row.to == "customer"} | {"next_step"}


def test_both_languages_have_every_template_that_the_default_policy_sends() -> None:
    for language in LANGUAGES:
        assert {row.template for row in POLICY.messages} <= catalogue(language).templates.keys()
    assert catalogue("zh").templates.keys() == catalogue("en").templates.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_is_controlled_and_complete(language: str) -> None:  # N4
    words = catalogue(language)
    assert words.version >= 1
    assert words.author
    assert words.review_date > parse_instant("2026-05-13T00:00:00Z").date()
    assert words.terms["clock"].keys() == set(CLOCK_ORDER)
    assert words.terms["remedy"].keys() == {"cash_voucher", "coupon", "points", "partial_refund", "full_refund"}
    assert words.names.keys() == {"customer", "department", "owner", "team_leader", "manager", "merchant", "brand"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_o1_o5_no_template_cites_rules_shirks_or_is_vague_without_a_date(language: str) -> None:
    words = catalogue(language)
    assert {name: wording_problems(entry, words) for name, entry in words.templates.items()} == {
        name: [] for name in words.templates
    }


@pytest.mark.parametrize(("language", "name", "variant"), texts())
def test_o3_every_text_greets_by_name_and_names_the_ticket(language: str, name: str, variant: Variant) -> None:
    opening = {"zh": "{name}，您好", "en": "Hello {name},"}[language]
    assert variant.text.startswith(opening)
    assert "{ticket_no}" in variant.text


@pytest.mark.parametrize("remedy", ["full_refund", "cash_voucher"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(customer_templates()))
def test_o4_a_complaint_gets_an_apology_first(name: str, language: str, remedy: str) -> None:
    words = catalogue(language)
    for missing in (None, "reply_due_at"):
        given = {key: value for key, value in EVERY.items() if key != missing} | {"remedy": remedy}
        text = render(words.templates[name], words, given, SHANGHAI).text
        opening = " ".join(text.replace("。", ".").split(".")[:2])
        assert any(word in opening for word in words.apology), text


@pytest.mark.parametrize(("language", "name", "variant"), texts())
def test_every_text_can_be_reached_and_filled(language: str, name: str, variant: Variant) -> None:
    entry = catalogue(language).templates[name]
    values = dict(EVERY) if variant.when else {**EVERY, "kind": "consultation", "remedy": "coupon", "clock": "escalate"}
    values |= {key: wanted[0] for key, wanted in variant.when.items()}
    needed = places(variant.text) | places(entry.subject) | {"currency"} | variant.when.keys()
    given = {key: value for key, value in values.items() if key in needed}
    rendered = render(entry, catalogue(language), given, SHANGHAI)
    assert entry.texts.index(next(v for v in entry.texts if v.fits(given))) == entry.texts.index(variant)
    assert "{" not in rendered.text + rendered.subject
    assert "王芳" in rendered.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("按照规定，您的申请不能受理。", "规定"),
        ("流程就是这样。", "流程就是这样"),
        ("这个不归我们管。", "不归我们"),
        ("我们也没办法。", "没办法"),
        ("我们会尽量处理。", "尽量"),
        ("可能会退款。", "可能"),
    ],
)
def test_words_that_rulebook_o_names_are_found(text: str, problem: str) -> None:
    found = wording_problems(Entry(subject="关于您的工单", texts=(Variant(text=text),)), catalogue("zh"))
    assert [problem in line for line in found] == [True]


def test_o5_a_vague_word_may_stand_beside_a_date() -> None:
    entry = Entry(subject="关于您的工单", texts=(Variant(text="我们会尽量提前，最晚在 {due_at} 前答复您。"),))
    assert wording_problems(entry, catalogue("zh")) == []


@pytest.mark.parametrize(
    ("text", "count"), [("We will try to help.", 1), ("Sooner than soonest.", 0), ("It is the RULES.", 1)]
)
def test_latin_words_count_whole_and_in_any_case(text: str, count: int) -> None:
    assert len(wording_problems(Entry(subject="x", texts=(Variant(text=text),)), catalogue("en"))) == count


@pytest.mark.parametrize(
    "text", ["{amount.__class__}", "{0}", "{amount!r}", "{amount:>10}", "{customer_id}", "{", "{}"]
)
def test_a_text_names_known_places_and_nothing_else(text: str) -> None:
    with pytest.raises(ValidationError):
        Variant(text=text)


def test_no_text_is_made_of_values_that_are_not_there() -> None:
    entry = catalogue("zh").templates["remedy_issued"]
    with pytest.raises(NoText):
        render(entry, catalogue("zh"), {"name": "王芳", "ticket_no": "NO-1", "remedy": "coupon"}, SHANGHAI)


def test_braces_in_a_value_stay_text() -> None:
    rendered = render(catalogue("zh").templates["escalation"], catalogue("zh"), {**EVERY, "name": "{amount}"}, SHANGHAI)
    assert rendered.text.startswith("{amount}，您好")


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (3333, "CNY", "33.33 元", "CNY 33.33"),
        (5, "CNY", "0.05 元", "CNY 0.05"),
        (123456789, "CNY", "1,234,567.89 元", "CNY 1,234,567.89"),
        (1500, "JPY", "1,500 JPY", "JPY 1,500"),
        (1500, "KWD", "1.500 KWD", "KWD 1.500"),
        (0, "USD", "0.00 USD", "USD 0.00"),
    ],
)
def test_amounts_are_written_in_the_currencys_own_digits(minor: int, currency: str, zh: str, en: str) -> None:
    assert write_money(minor, currency, catalogue("zh")) == zh
    assert write_money(minor, currency, catalogue("en")) == en


def test_dates_are_written_in_the_tenants_zone() -> None:
    at = parse_instant("2026-05-13T16:05:00Z")
    assert write_instant(at, catalogue("zh"), SHANGHAI) == "2026年5月14日 00:05"
    assert write_instant(at, catalogue("en"), ZoneInfo("Europe/London")) == "13 May 2026, 17:05"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("ZH_hans", "zh"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("fr", "zh"),
        (None, "zh"),
        ("", "zh"),
    ],
)
def test_the_customers_language_is_used_where_we_have_it(wanted: str | None, language: str) -> None:
    assert language_of(wanted, "zh") == language


def test_every_place_is_known_by_some_template() -> None:
    used = {
        place
        for words in map(catalogue, LANGUAGES)
        for e in words.templates.values()
        for t in e.written()
        for place in places(t)
    }
    assert PLACES - used == {"department"}  # for tenants' own words
