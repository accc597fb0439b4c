"""Orders: put here by a demo or a test, as the storefront's shop would have them."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from amends.http.problems import Problem
from amends_sandbox import store
from amends_sandbox.api.ports import CallerDep, TxDep
from amends_sandbox.bodies import Order

router = APIRouter(tags=["orders"])

OrderId = Annotated[str, Path(min_length=1, max_length=200)]


@router.put("/orders/{order_id}", responses={201: {"description": "The order is new"}})
async def put_order(who: CallerDep, tx: TxDep, order_id: OrderId, body: Order, response: Response) -> dict[str, Any]:
    """Write an order, over the one of that id. What was refunded of it here still counts."""
    if body.order_id not in (None, order_id):
        raise Problem(
            422,
            "The request is not valid",
            f"order_id is {body.order_id} in the body and {order_id} in the path",
            errors=[{"field": "order_id", "problem": "must be the path's, or be left out"}],
        )
    is_new = await store.put_order(
        tx,
        tenant=who.tenant,
        order_id=order_id,
        currency=body.currency,
        paid_amount=body.paid_amount,
        refunded_amount=body.refunded_amount,
        body={**body.as_json(), "order_id": order_id},
    )
    if is_new:
        response.status_code = HTTPStatus.CREATED
    return await _shown(tx, who.tenant, order_id)


@router.get("/orders/{order_id}")
async def get_order(who: CallerDep, tx: TxDep, order_id: OrderId) -> dict[str, Any]:
    """Return the order, with what was refunded of it here and what is left of it."""
    return await _shown(tx, who.tenant, order_id)


async def _shown(tx: AsyncConnection, tenant: str, order_id: str) -> dict[str, Any]:
    body = await store.order_body(tx, tenant, order_id)
    balance = await store.balance(tx, tenant, order_id, lock=False)
    if body is None or balance is None:
        raise Problem(404, "Unknown order", f"your tenant has no order {order_id} here")
    return {**body, "issued_amount": balance.issued_amount, "left_amount": balance.left_amount}
