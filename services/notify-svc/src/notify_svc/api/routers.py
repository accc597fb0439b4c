"""All paths of notify (CONTRACT §6)."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from notify_svc.api.feedback import feedback_router
from notify_svc.api.messages import messages_router
from notify_svc.api.revisits import revisits_router
from notify_svc.api.satisfaction import satisfaction_router
from notify_svc.api.templates import templates_router
from notify_svc.handlers.steps import StepHandler


def routers(engine: AsyncEngine, steps: StepHandler) -> Sequence[APIRouter]:
    """Return every router of the service."""
    return (
        revisits_router(engine, steps),
        messages_router(engine),
        feedback_router(engine, steps),
        satisfaction_router(engine, steps),
        templates_router(engine),
    )
