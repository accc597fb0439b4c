"""What notify is told from outside, beside what every service is (`amends.settings`)."""

from typing import Literal

from pydantic import Field, SecretStr

from amends.settings import ServiceSettings
from notify_svc.decisions.delivery import Retries


class NotifySettings(ServiceSettings):
    """Names of the environment are the upper-case of the fields; times are real seconds."""

    storefront_url: str = Field(description="Base URL of the storefront's message API: POST {STOREFRONT_URL}/messages")
    intake_url: str = Field(description="Base URL of intake, asked for contact data when a message is sent")
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="smtp://user:password@host:port (STARTTLS when offered) or smtps://…; empty: no mail goes out",
    )
    mail_from: str = Field(default="after-sales@localhost", description="The sender of mail")
    survey_url: str = Field(
        default="",
        description="Page where a customer rates; the token is put behind it. Default: {STOREFRONT_URL}/surveys/",
    )
    default_language: Literal["zh", "en"] = Field(
        default="zh", description="For readers whose language is not known, departments and leaders among them"
    )
    delivery_concurrency: int = Field(default=8, ge=1, description="Messages under way at once, in this process")
    delivery_tries_max: int = Field(default=12, ge=1, description="After so many tries a message has failed")
    delivery_backoff_first_s: float = Field(default=1, gt=0)
    delivery_backoff_longest_s: float = Field(
        default=300, gt=0, description="With 12 tries a storefront may be away for about a quarter of an hour"
    )
    delivery_timeout_s: float = Field(default=5, gt=0, description="How long one call may take")
    delivery_lease_s: float = Field(
        default=60, gt=0, description="A message taken by a process that died is taken up again after this"
    )
    delivery_sweep_s: float = Field(default=0.5, gt=0, description="How often jobs are looked for without being woken")

    @property
    def retries(self) -> Retries:
        """Return how deliveries are tried again."""
        return Retries(self.delivery_tries_max, self.delivery_backoff_first_s, self.delivery_backoff_longest_s)

    @property
    def survey_link_base(self) -> str:
        """Return what a survey's token is put behind."""
        base = self.survey_url or f"{self.storefront_url.rstrip('/')}/surveys"
        return base.rstrip("/") + "/"
