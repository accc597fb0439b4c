"""All paths of this service."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from compensation_svc.api.money import ledger_router, payouts_router
from compensation_svc.api.people import people_router
from compensation_svc.api.remedies import reading_router
from compensation_svc.handlers.ports import Ports


def routers(engine: AsyncEngine, ports: Ports, wake: Callable[[], None]) -> Sequence[APIRouter]:
    """Return the routers, to be mounted under `/v1`. `wake`: a money call may have become possible."""
    return (
        reading_router(engine, ports.policies),
        people_router(engine, ports, wake),
        ledger_router(engine),
        payouts_router(engine, wake),
    )
