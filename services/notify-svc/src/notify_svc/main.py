"""notify-svc: revisits, messages, surveys, feedback. Wires its parts; run as `python -m notify_svc.main`."""

import secrets

from amends.bus import topics
from amends.migrations import location
from amends.service import Parts, Platform, Service, run
from notify_svc.api.routers import routers
from notify_svc.handlers.deliveries import DeliveryHandler
from notify_svc.handlers.events import EventHandler
from notify_svc.handlers.steps import StepHandler
from notify_svc.settings import NotifySettings
from notify_svc.workers.contacts import IntakeContacts
from notify_svc.workers.deliver import Deliveries, measure, sweep_waiting
from notify_svc.workers.mail import Mail
from notify_svc.workers.storefront import Storefront


def wire(platform: Platform[NotifySettings]) -> Parts:
    """Put the service together from its ports."""
    settings, engine = platform.settings, platform.engine
    events = EventHandler(platform.outbox, platform.policies, settings.default_language)
    deliveries = _deliveries(platform)
    return Parts(
        handle=events,
        routers=routers(engine, StepHandler(platform.outbox, platform.policies)),
        loops={
            "deliveries": deliveries.run,
            "waiting facts": lambda: sweep_waiting(engine, events),
            "open jobs": lambda: measure(engine),
        },
        after_commit=deliveries.wake,
    )


def _deliveries(platform: Platform[NotifySettings]) -> Deliveries:
    settings, timeout_s = platform.settings, platform.settings.delivery_timeout_s
    smtp_url = settings.smtp_url.get_secret_value()
    handler = DeliveryHandler(
        platform.outbox,
        platform.policies,
        settings.retries,
        settings.survey_link_base,
        make_token=lambda: secrets.token_urlsafe(24),
        mails=bool(smtp_url),
    )
    return Deliveries(
        platform.engine,
        handler,
        IntakeContacts(settings.intake_url, platform.http, platform.tokens, timeout_s),
        Storefront(settings.storefront_url, platform.http, platform.tokens, timeout_s),
        Mail(smtp_url, settings.mail_from, timeout_s) if smtp_url else None,
        concurrency=settings.delivery_concurrency,
        lease_s=settings.delivery_lease_s,
        sweep_s=settings.delivery_sweep_s,
    )


SERVICE = Service(
    name="notify",
    title="Amends notify: revisits, messages, surveys, feedback",
    publishes=(topics.CONTACT,),
    consumes=topics.CONSUMED["notify"],
    migrations=location(__file__),
    wire=wire,
)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    run(SERVICE, NotifySettings())


if __name__ == "__main__":
    main()
