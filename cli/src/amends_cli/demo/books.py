"""Our ledger and the storefront's: the one sums to zero, and both say the same, remedy by remedy. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amends.events.compensation import CompensationDecided, CompensationIssued
from amends.events.parts import Party
from amends_cli.demo.model import SUSPENSE, Case
from amends_cli.demo.story import Story

_KIND = {"cash_voucher": "voucher", "coupon": "voucher", "points": "voucher"}
"""Which of the storefront's two payments a remedy is; every other one is a refund."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A remedy that was issued, as our events tell it. `bearer` is who bears it in the end, as far as the case says."""

    remedy_id: str
    ticket_id: str
    kind: str
    amount: int
    external_reference: str
    bearer: Party


def issued_remedies(case: Case, ticket_id: str, story: Story) -> list[Issued]:
    """Return what was issued for a ticket."""
    decided = {fact.remedy_id: fact for fact in story.all(CompensationDecided)}
    found = []
    for fact in story.all(CompensationIssued):
        terms = decided.get(fact.remedy_id)
        if terms is not None:
            bearer = _bearer(case, terms)
            kind = _KIND.get(terms.remedy, "refund")
            found.append(Issued(fact.remedy_id, ticket_id, kind, terms.amount, fact.external_reference, bearer))
    return found


def _bearer(case: Case, terms: CompensationDecided) -> Party:
    for remedy in case.expected.remedies:
        if (remedy.clock, remedy.step) == (terms.clock, terms.step):
            return remedy.pays_in_the_end or SUSPENSE
    return SUSPENSE


def ledger_differences(entries: Sequence[Mapping[str, Any]], issued: Collection[Issued]) -> Iterator[str]:
    """Say where our ledger does not sum to zero, or does not hold a remedy as it was issued."""
    for currency, total in sorted(_sums(entries, "currency").items()):
        if total:
            yield f"the ledger's entries in {currency} sum to {total}, not to 0"
    for movement, total in sorted(_sums(entries, "movement_id").items()):
        if total:
            yield f"movement {movement} of the ledger sums to {total}, not to 0"
    balances: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        balances[str(entry["remedy_id"])][str(entry["account"])] += int(entry["amount"])
    for remedy in issued:
        yield from _balance(remedy, balances[remedy.remedy_id])


def _sums(entries: Sequence[Mapping[str, Any]], by: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[str(entry[by])] += int(entry["amount"])
    return sums


def _balance(remedy: Issued, accounts: Counter[str]) -> Iterator[str]:
    got = sum(amount for account, amount in accounts.items() if account.startswith("customer:"))
    if got != remedy.amount:
        yield f"remedy {remedy.remedy_id}: the ledger gives the customer {got}, not {remedy.amount}"
    bearer = f"{remedy.bearer.kind}:{remedy.bearer.id}"
    if accounts[bearer] != -remedy.amount:
        yield f"remedy {remedy.remedy_id}: account {bearer} stands at {accounts[bearer]}, not {-remedy.amount}"


def storefront_differences(
    theirs: Sequence[Mapping[str, Any]], issued: Collection[Issued], tickets: Collection[str]
) -> Iterator[str]:
    """Say where what the storefront carried out for these tickets differs from what we issued."""
    of_ours = [payment for payment in theirs if payment["ticket_id"] in tickets]
    counted = Counter(str(payment["reference"]) for payment in of_ours)
    known = {str(payment["reference"]): payment for payment in of_ours}
    for remedy in issued:
        payment = known.get(remedy.remedy_id)
        if payment is None:
            yield f"remedy {remedy.remedy_id}: issued, and the storefront knows nothing of it"
            continue
        compared = {
            "kind": (payment["kind"], remedy.kind),
            "amount": (payment["amount"], remedy.amount),
            "ticket": (payment["ticket_id"], remedy.ticket_id),
            "id": (payment["id"], remedy.external_reference),
        }
        for name, (found, ours) in compared.items():
            if found != ours:
                yield f"remedy {remedy.remedy_id}: the storefront's {name} is {found}, ours {ours}"
    for reference, times in sorted(counted.items()):
        if times > 1:
            yield f"the storefront carried {reference} out {times} times"
    for reference in sorted(known.keys() - {remedy.remedy_id for remedy in issued}):
        yield f"the storefront carried out {reference}, which we did not issue"
