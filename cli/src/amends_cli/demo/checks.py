"""Every outcome against the rulebook: what a ticket's events say, held to what its case expects. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amends.policy.model import Policy
from amends_cli.demo.books import issued_remedies, ledger_differences, storefront_differences
from amends_cli.demo.check_clocks import clock_differences
from amends_cli.demo.check_contacts import contact_differences, expected_messages, message_differences, told_in
from amends_cli.demo.check_money import money_differences
from amends_cli.demo.model import Case
from amends_cli.demo.story import Story


@dataclass(frozen=True, slots=True)
class Played:
    """A case as it was played: its ticket (None: never opened), its story, and steps that were refused."""

    case: Case
    ticket_id: str | None
    story: Story
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Books:
    """What the two ledgers and the inbox hold at the end."""

    ledger: Sequence[Mapping[str, Any]]
    storefront: Sequence[Mapping[str, Any]]
    inbox: Sequence[Mapping[str, Any]]
    remedies: Mapping[str, Sequence[Mapping[str, Any]]]
    """`GET /remedies` by ticket id."""


def check_case(played: Played, policy: Policy) -> tuple[str, ...]:
    """Return a sentence for everything that differs from the rulebook, or is not there yet; nothing: all is as promised."""
    case, story = played.case, played.story
    if played.ticket_id is None or story.accepted_at is None:
        return (*played.problems, "its ticket was not opened")
    return (
        *played.problems,
        *clock_differences(case, story, policy),
        *money_differences(case, story),
        *contact_differences(case, story, policy),
    )


def check_final(played: Played, books: Books) -> tuple[str, ...]:
    """Return what differs between a ticket's events and what the services and the storefront's inbox answer at the end."""
    if played.ticket_id is None:
        return ()
    shown = books.remedies.get(played.ticket_id, ())
    # what is held has no amount yet
    found = sorted((str(remedy["clock"]), int(remedy.get("amount") or 0), str(remedy["state"])) for remedy in shown)
    promised = sorted((remedy.clock, remedy.amount, "issued") for remedy in played.case.expected.remedies)
    differs = [] if found == promised else [f"its remedies are {found}; should be {promised}"]
    told = told_in(books.inbox, played.ticket_id)
    inbox = [f"inbox: {said}" for said in message_differences(told, expected_messages(played.case))]
    return (*differs, *inbox)


def check_books(all_played: Collection[Played], books: Books) -> tuple[str, ...]:
    """Return where our ledger does not sum to zero, or differs from the storefront's."""
    known = [(played, played.ticket_id) for played in all_played if played.ticket_id is not None]
    issued = [remedy for played, ticket in known for remedy in issued_remedies(played.case, ticket, played.story)]
    tickets = {ticket for _, ticket in known}
    return (
        *ledger_differences(books.ledger, issued),
        *storefront_differences(books.storefront, issued, tickets),
    )
