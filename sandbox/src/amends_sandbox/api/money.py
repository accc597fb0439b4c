"""The storefront's money API (CONTRACT §6), and the ledger to compare ours with."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from amends.instants import format_instant
from amends_sandbox import handlers, store
from amends_sandbox.api.ports import CallerDep, FaultInjected, Ports, PortsDep, TxDep, require_key, suffer
from amends_sandbox.bodies import Refund, Voucher
from amends_sandbox.connections import hold
from amends_sandbox.issuer import Caller
from amends_sandbox.money import Movement, PaymentKind, Wish, sum_up
from amends_sandbox.store import Payment

router = APIRouter(tags=["money"])

IdempotencyKey = Annotated[str | None, Header()]
Reference = Annotated[str, Query(min_length=1, max_length=200)]


def _shown(payment: Payment) -> dict[str, Any]:
    shown = {"id": str(payment.id), "reference": payment.reference, "status": payment.status}
    return shown if payment.reason is None else {**shown, "reason": payment.reason}


async def _pay(
    request: Request, given: Ports, who: Caller, *, kind: PaymentKind, body: Voucher, key: str | None
) -> JSONResponse:
    require_key(key, body.reference, "reference")
    fault = await suffer(request, given, f"POST /{kind}s")
    wish: Wish | None = fault if fault in ("reject", "pending") else None
    async with given.engine.begin() as tx:
        answer = await handlers.pay(tx, tenant=who.tenant, kind=kind, request=body, wish=wish, new_id=given.new_id)
    if fault == "timeout_after_success":
        await hold(request, given.settings.sandbox_hold_s)
        raise FaultInjected
    if answer.is_new:
        return JSONResponse(_shown(answer.payment), HTTPStatus.CREATED)
    return JSONResponse(_shown(answer.payment), headers={"Idempotency-Replayed": "true"})


@router.post("/refunds", status_code=HTTPStatus.CREATED)
async def post_refund(
    request: Request, given: PortsDep, who: CallerDep, body: Refund, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Carry a refund out, or refuse it: `status` says which. A known reference gets its answer again (200)."""
    return await _pay(request, given, who, kind="refund", body=body, key=idempotency_key)


@router.post("/vouchers", status_code=HTTPStatus.CREATED)
async def post_voucher(
    request: Request, given: PortsDep, who: CallerDep, body: Voucher, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Give a voucher. A known reference gets its answer again (200)."""
    return await _pay(request, given, who, kind="voucher", body=body, key=idempotency_key)


async def _ask(request: Request, given: Ports, who: Caller, kind: PaymentKind, reference: str) -> dict[str, Any]:
    await suffer(request, given, f"GET /{kind}s")
    async with given.engine.begin() as tx:
        known = await handlers.ask(tx, tenant=who.tenant, kind=kind, reference=reference)
    return {"items": [_shown(payment) for payment in known]}


@router.get("/refunds")
async def get_refunds(request: Request, given: PortsDep, who: CallerDep, reference: Reference) -> dict[str, Any]:
    """Say what became of a reference; no items: it never arrived."""
    return await _ask(request, given, who, "refund", reference)


@router.get("/vouchers")
async def get_vouchers(request: Request, given: PortsDep, who: CallerDep, reference: Reference) -> dict[str, Any]:
    """Say what became of a reference; no items: it never arrived."""
    return await _ask(request, given, who, "voucher", reference)


@router.get("/ledger")
async def get_ledger(who: CallerDep, tx: TxDep) -> dict[str, Any]:
    """List all that was carried out for the tenant, pending included, oldest first, with its sums per currency."""
    payments = await store.carried_out(tx, who.tenant)
    movements = [Movement(payment.kind, payment.body["currency"], payment.body["amount"]) for payment in payments]
    items = [
        {**payment.body, **_shown(payment), "kind": payment.kind, "at": format_instant(payment.at)}
        | {"reason": payment.body["reason"]}
        for payment in payments
    ]
    return {"items": items, "sums": sum_up(movements)}
