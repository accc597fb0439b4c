"""Stories as they should be: what the services publish about a case when all of them do what the rulebook says."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from amends.events import compensation, contact, sla, ticket
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.policy.due import due, revisit_due
from amends.policy.load import default_policy
from amends_cli.demo.check_contacts import expected_messages
from amends_cli.demo.checks import Books, Played
from amends_cli.demo.model import SUSPENSE, Case, Remedy, Take
from amends_cli.demo.scenario import SCENARIO
from amends_cli.demo.story import Story

TICKET = "T-1"
OPENED_AT = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai
ASKED_AT = OPENED_AT + timedelta(minutes=20)
_RULES = {"assess": "B12", "complete": "B12", "escalate": "G1", "contact_interval": "H1"}


def case_of(key: str) -> Case:
    return next(case for case in SCENARIO if case.key == key)


class Writer:
    """Writes events as the services would."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._numbers = itertools.count(1)

    def add(self, data: EventData, at: datetime) -> None:
        number = next(self._numbers)
        self.events.append(
            Event(
                id=f"e{number}",
                source="/amends/test",
                type=data.wire_type,
                subject=TICKET,
                time=at,
                partitionkey=TICKET,
                tenantid="demo",
                data=data.to_data(),
                sequence=number,
            )
        )


def ideal_events(case: Case) -> list[Event]:
    """Return the events of a ticket whose every outcome is as the case expects."""
    writer = Writer()
    writer.add(
        ticket.TicketOpened(channel=case.channel, kind=case.kind, case_type=case.case_type, policy_version=1), OPENED_AT
    )
    if any(isinstance(step, Take) and step.noun == "department-requests" for step in case.steps):
        writer.add(ticket.TicketDepartmentAsked(department="somebody"), ASKED_AT)
    _clocks(case, writer)
    for remedy in case.expected.remedies:
        _remedy(case, remedy, writer)
    for leader in case.expected.escalations:
        writer.add(sla.SlaEscalated(to=leader, reason="G1/escalate"), OPENED_AT + timedelta(hours=80))
    if case.expected.penalty is not None:
        writer.add(
            sla.SlaPenaltyIncurred(owner="agent-lin", amount=case.expected.penalty, rule="G2"),
            OPENED_AT + timedelta(hours=48),
        )
    for (template, to), times in expected_messages(case).items():
        for _ in range(times):
            writer.add(contact.ContactMessageSent(template=template, to=to, channel="app"), OPENED_AT)
    return writer.events


def _clocks(case: Case, writer: Writer) -> None:
    breaches = {(breach.clock, breach.run): breach for breach in case.expected.breaches}
    runs = {(clock, 1) for clock in case.expected.met} | set(breaches)
    runs |= {("contact_interval", run + 1) for run in range(case.expected.contact_runs)}
    for clock, run in sorted(runs):
        breach = breaches.get((clock, run))
        rule = (breach.rule if breach else None) or _RULES.get(clock) or case.rule
        _start(case, clock, run, rule, writer)
        if clock in case.expected.met and run == 1:
            writer.add(sla.SlaClockStopped(clock=clock, run=run, outcome="met"), OPENED_AT + timedelta(minutes=30))
    for breach in case.expected.breaches:
        start_at = _start_at(case, breach.clock, breach.run)
        due_at = start_at + breach.within
        writer.add(
            sla.SlaDeadlineBreached(
                clock=breach.clock,
                run=breach.run,
                step=breach.step,
                rule=breach.rule or case.rule,
                due_at=due_at,
                as_of_sequence=2,
            ),
            due_at + timedelta(seconds=3),
        )


def _start_at(case: Case, clock: str, run: int) -> datetime:
    if clock == "dept_reply_second":
        first = next(breach for breach in case.expected.breaches if breach.clock == "dept_reply")
        return ASKED_AT + first.within
    return {"dept_reply": ASKED_AT}.get(clock, OPENED_AT) + timedelta(hours=run - 1)


def _start(case: Case, clock: str, run: int, rule: str, writer: Writer) -> None:
    policy = default_policy()
    row = policy.row(clock, rule)
    assert row is not None, (clock, rule)
    start_at = _start_at(case, clock, run)
    promised = due(row, start_at, policy)
    writer.add(
        sla.SlaClockStarted(
            clock=clock,
            run=run,
            rule=rule,
            start_at=start_at,
            due_at=promised.due_at,
            policy_version=1,
            calendar_confirmed=True,
        ),
        start_at,
    )
    revisit = policy.revisit(clock, rule)
    if revisit is not None:
        due_at = revisit_due(revisit, start_at, policy)
        writer.add(contact.ContactRevisitPlanned(revisit_id=f"r{run}", due_at=due_at, reason="open_case"), start_at)


def _remedy(case: Case, remedy: Remedy, writer: Writer) -> None:
    at = OPENED_AT + timedelta(hours=100)
    remedy_id = remedy_id_of(remedy)
    if case.expected.held:
        held = compensation.CompensationHeld(
            rule=case.rule, clock=remedy.clock, run=1, step=remedy.step, reason="waits for the goods"
        )
        writer.add(held, at)
    decided = compensation.CompensationDecided(
        remedy_id=remedy_id,
        rule=case.rule,
        clock=remedy.clock,
        run=1,
        step=remedy.step,
        remedy=remedy.remedy,
        amount=remedy.amount,
        currency="CNY",
        payer=remedy.payer,
        approval=remedy.approval,
        basis=compensation.Basis(customer_remedies_90d=0),
        policy_version=1,
    )
    writer.add(decided, at + timedelta(seconds=1))
    if remedy.approval == "required":
        approved = compensation.CompensationApproved(remedy_id=remedy_id, by="manager-zhao")
        writer.add(approved, at + timedelta(seconds=2))
    issued = compensation.CompensationIssued(remedy_id=remedy_id, external_reference=f"P-{remedy_id}")
    writer.add(issued, at + timedelta(seconds=3))
    if remedy.pays_in_the_end is not None:
        charged = compensation.CompensationChargedBack(
            remedy_id=remedy_id, party=remedy.pays_in_the_end, amount=remedy.amount, currency="CNY", rule=case.rule
        )
        writer.add(charged, at + timedelta(seconds=4))


def remedy_id_of(remedy: Remedy) -> str:
    return f"{remedy.clock}-{remedy.step}"


def ideal(case: Case) -> Played:
    return Played(case, TICKET, Story.of(ideal_events(case)))


def changed(events: list[Event], wire_type: str, **data: Any) -> Story:
    """Return the story with other data in the events of a type."""
    return Story.of(
        replace(event, data={**event.data, **data}) if event.type == wire_type else event for event in events
    )


def ideal_books(case: Case) -> Books:
    """Return the two ledgers, the inbox and the remedies of a case as they should be."""
    ledger: list[dict[str, Any]] = []
    storefront: list[dict[str, Any]] = []
    for remedy in case.expected.remedies:
        remedy_id, amount = remedy_id_of(remedy), remedy.amount
        movements = [("platform:suspense", "platform:reserved"), ("platform:reserved", "customer:C")]
        if remedy.pays_in_the_end is not None:
            payer = remedy.pays_in_the_end
            movements.append((f"{payer.kind}:{payer.id}", f"{SUSPENSE.kind}:{SUSPENSE.id}"))
        for number, (source, target) in enumerate(movements):
            entry = {"movement_id": f"{remedy_id}/{number}", "remedy_id": remedy_id, "currency": "CNY"}
            ledger += [{**entry, "account": source, "amount": -amount}, {**entry, "account": target, "amount": amount}]
        payment = {"reference": remedy_id, "ticket_id": TICKET, "id": f"P-{remedy_id}", "amount": amount}
        storefront.append({**payment, "kind": "voucher" if remedy.remedy == "cash_voucher" else "refund"})
    inbox = [{"template": t, "to": to, "ticket_id": TICKET} for t, to in expected_messages(case).elements()]
    remedies = [
        {"clock": remedy.clock, "amount": remedy.amount, "state": "issued"} for remedy in case.expected.remedies
    ]
    return Books(ledger, storefront, inbox, {TICKET: remedies})
