"""Faults on request (CONTRACT §6). They hold for every tenant, and through a restart."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import TypeAdapter, ValidationError, WithJsonSchema
from sqlalchemy.ext.asyncio import AsyncConnection

from amends.http.problems import invalid
from amends_sandbox import store
from amends_sandbox.api.ports import CallerDep, TxDep
from amends_sandbox.faults import Fault

router = APIRouter(tags=["faults"])

_FAULT_SCHEMA = Fault.model_json_schema()
_MANY = TypeAdapter(list[Fault])

OneOrMany = Annotated[
    Any, Body(), WithJsonSchema({"anyOf": [_FAULT_SCHEMA, {"type": "array", "items": _FAULT_SCHEMA}]})
]
"""Read in the handler: a union would name its branches in front of every wrong field."""


@router.get("/faults")
async def get_faults(_: CallerDep, tx: TxDep) -> dict[str, Any]:
    """List the faults with the calls that they saw and those that they hit."""
    return await _shown(tx)


@router.put("/faults")
async def put_faults(_: CallerDep, tx: TxDep, body: OneOrMany) -> dict[str, Any]:
    """Set faults: a list replaces all there are, one replaces those of its endpoint. Counting starts anew.

    Nothing fails any more after `[]`.
    """
    try:
        faults = _MANY.validate_python(body) if isinstance(body, list) else [Fault.model_validate(body)]
    except ValidationError as error:
        raise invalid(error.errors()) from error
    await store.replace_faults(tx, faults, endpoint=None if isinstance(body, list) else faults[0].endpoint)
    return await _shown(tx)


async def _shown(tx: AsyncConnection) -> dict[str, Any]:
    kept = await store.tallies(tx)
    return {
        "items": [
            {**tally.fault.model_dump(exclude_none=True), "calls": tally.calls, "hits": tally.hits} for _, tally in kept
        ]
    }
