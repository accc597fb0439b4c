"""Load, decide, save: one transaction each, opened and committed by the door."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection as Tx

from amends_sandbox import store
from amends_sandbox.bodies import Message, Voucher
from amends_sandbox.faults import Kind, count_call
from amends_sandbox.issuer import Issuer, new_key
from amends_sandbox.money import PaymentKind, Wish, decide_refund, decide_voucher
from amends_sandbox.store import Payment


class KnownWithOtherBody(Exception):  # noqa: N818 - it says what the caller did
    """The same reference or message id came before, with another body. Nothing was done."""


class Answer(NamedTuple):
    """A payment as it stands, and whether this call made it."""

    payment: Payment
    is_new: bool


async def prepare(tx: Tx, issuer_url: str) -> Issuer:
    """Make the tables and the signing key where they are missing, and return the issuer."""
    await store.create_tables(tx)
    return Issuer(await store.keep_key(tx, new_key()), issuer_url)


async def pay(
    tx: Tx, *, tenant: str, kind: PaymentKind, request: Voucher, wish: Wish | None, new_id: Callable[[], UUID]
) -> Answer:
    """Carry a refund or voucher out, once per reference whatever happens; a known one gets its answer again.

    Raises:
        KnownWithOtherBody: the reference stands for something else.
    """
    body = request.as_json()
    known = await store.payment(tx, tenant, kind, request.reference)
    if known is None:
        if kind == "refund" and request.order_id is not None:
            balance = await store.balance(tx, tenant, request.order_id, lock=True)
            decision = decide_refund(amount=request.amount, currency=request.currency, balance=balance, wish=wish)
        else:
            decision = decide_voucher(wish=wish)
        made = await store.add_payment(tx, payment_id=new_id(), tenant=tenant, kind=kind, body=body, decision=decision)
        if made is not None:
            return Answer(made, is_new=True)
        # The same reference came in beside this one and was first: its answer is the answer.
        known = await store.payment(tx, tenant, kind, request.reference)
    if known is None or known.body != body:
        raise KnownWithOtherBody(f"{request.reference} is known with another body")
    return Answer(known, is_new=False)


async def ask(tx: Tx, *, tenant: str, kind: PaymentKind, reference: str) -> list[Payment]:
    """Return what is known of a reference: nothing or one. What was pending has arrived by now."""
    await store.settle(tx, tenant, kind, reference)
    known = await store.payment(tx, tenant, kind, reference)
    return [] if known is None else [known]


async def deliver(tx: Tx, *, tenant: str, message: Message) -> bool:
    """Put a message into the inbox once, and say whether this call did.

    Raises:
        KnownWithOtherBody: the message id stands for another message.
    """
    body = message.as_json()
    known = await store.add_message(tx, tenant, body)
    if known is not None and known != body:
        raise KnownWithOtherBody(f"{message.message_id} is known with another body")
    return known is None


async def take_fault(tx: Tx, endpoint: str) -> Kind | None:
    """Count a call at an endpoint and return the fault that hits it, if one does."""
    kept = await store.tallies(tx, endpoint, lock=True)
    counted, kind = count_call([tally for _, tally in kept])
    for (serial, _), tally in zip(kept, counted, strict=True):
        await store.save_tally(tx, serial, tally)
    return kind
