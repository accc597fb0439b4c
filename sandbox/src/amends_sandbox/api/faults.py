"""Faults on request (CONTRACT §6). They hold for every tenant, and through a restart."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Discriminator, Tag
from sqlalchemy.ext.asyncio import AsyncConnection

from amends_sandbox import store
from amends_sandbox.api.ports import CallerDep, TxDep
from amends_sandbox.faults import Fault

router = APIRouter(tags=["faults"])


def _one_or_many(body: object) -> str:
    return "many" if isinstance(body, list) else "one"


OneOrMany = Annotated[
    Annotated[Fault, Tag("one")] | Annotated[list[Fault], Tag("many")],
    Discriminator(_one_or_many),
]


@router.get("/faults")
async def get_faults(_: CallerDep, tx: TxDep) -> dict[str, Any]:
    """List the faults with the calls that they saw and those that they hit."""
    return await _shown(tx)


@router.put("/faults")
async def put_faults(_: CallerDep, tx: TxDep, body: OneOrMany) -> dict[str, Any]:
    """Set faults: a list replaces all there are, one replaces those of its endpoint. Counting starts anew.

    Nothing fails any more after `[]`.
    """
    if isinstance(body, Fault):
        await store.replace_faults(tx, [body], endpoint=body.endpoint)
    else:
        await store.replace_faults(tx, body, endpoint=None)
    return await _shown(tx)


async def _shown(tx: AsyncConnection) -> dict[str, Any]:
    kept = await store.tallies(tx)
    return {
        "items": [
            {**tally.fault.model_dump(exclude_none=True), "calls": tally.calls, "hits": tally.hits} for _, tally in kept
        ]
    }
