"""What the sandbox is told from outside, by environment variables of the fields' names in capitals."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from amends.roles import ROLES


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}")
    return role


class Client(BaseModel):
    """One client that may ask the issuer for tokens: its secret, its role, and the tenants it may act for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretStr
    role: Annotated[str, AfterValidator(_known_role)]
    tenants: list[str] | Literal["*"]

    def may_act_for(self, tenant: str) -> bool:
        return self.tenants == "*" or tenant in self.tenants


class Settings(BaseSettings):
    """The sandbox's settings. There is no default for what only the installation knows."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str
    """Its own database, `postgresql://user:password@host:port/amends_sandbox`."""
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(default=8090, ge=1, le=65_535)
    issuer_url: str = ""
    """Its own public base URL, which stands in tokens as `iss`; empty: made of host and port."""
    amends_env: Literal["production", "demo", "test"] = "production"
    """Unset means production, where the issuer does not start: forgetting it must not open a door."""
    amends_clients: dict[str, Client] = {}
    """Who may ask for tokens, as JSON `{client_id: {secret, role, tenants: [...] | "*"}}`."""
    sandbox_slow_s: float = Field(default=2.0, ge=0, le=120)
    """How long the fault `slow` delays an answer, in real seconds. Above the caller's timeout it is a lost answer."""
    sandbox_hold_s: float = Field(default=20.0, ge=0, le=120)
    """How long `timeout_after_success` keeps the caller waiting, in real seconds, before the connection is dropped."""

    @model_validator(mode="after")
    def _stays_out_of_production(self) -> "Settings":
        if self.amends_env == "production":
            raise ValueError("the sandbox signs tokens for a demo: set AMENDS_ENV to demo or test; never in production")
        return self

    def public_url(self) -> str:
        """Return the base URL that tokens name as their issuer, without a slash at its end."""
        return (self.issuer_url or f"http://{self.listen_host}:{self.listen_port}").rstrip("/")


def complaints(error: ValidationError) -> list[str]:
    """Say what is wrong with the settings, by name and without any value: some are secrets."""
    return [
        ": ".join([".".join(map(str, found["loc"])).upper(), found["msg"]]).removeprefix(": ")
        for found in error.errors()
    ]
