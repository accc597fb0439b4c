"""Who pays for what was issued: the responsible party, once it is found (RULEBOOK B, Payer). Pure."""

from dataclasses import dataclass

from amends.events.compensation import CompensationChargedBack
from compensation_svc.decisions.ledger import Movement, charge_back
from compensation_svc.decisions.ticket import TicketView


@dataclass(frozen=True, slots=True)
class Charge:
    """The fact to publish and the movement that it stands for."""

    fact: CompensationChargedBack
    movement: Movement


def charge_for(remedy_id: str, rule: str, amount: int, currency: str, view: TicketView) -> Charge | None:
    """Return who is charged for an issued remedy that nobody was charged for yet; None: nobody is known, or nothing due.

    The charge carries rule, policy version, reason and the ticket's evidence (RULEBOOK P1).
    `view` is the ticket as it stands now: the first party found stands, so whoever was known at the breach is in it.
    """
    party = view.payer_found
    if party is None or not amount:
        return None
    movement = charge_back(amount, currency, party)
    if movement.source == movement.target:
        return None
    version = view.opened.policy_version or 1
    fact = CompensationChargedBack(
        remedy_id=remedy_id,
        party=party,
        amount=amount,
        currency=currency,
        rule=rule,
        policy_version=version,
        reason=f"{party.kind} {party.id} was found liable for what rule {rule} of policy version {version} gave",
        evidence=view.evidence,
    )
    return Charge(fact, movement)
