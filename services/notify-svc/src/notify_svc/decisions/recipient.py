"""Who reads a message: by what name, in which language, and where besides the storefront's message API. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amends.policy.messages import Address, Contacts
from notify_svc.decisions.catalogue import Catalogue
from notify_svc.decisions.messages import Message
from notify_svc.decisions.ticket import Ticket

CUSTOMER: Final = "customer"
_PREFERRED: Final = ("email", "phone", "sms", "app")
"""I4: by what the customer left us, the written way first."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """`address`: handed to the storefront with the message. `email`: where a mail goes beside it."""

    name: str
    address: str | None
    email: str | None


def customer(contact: Mapping[str, Any] | None, words: Catalogue) -> Recipient:
    """Return the customer as intake's contact data says; without any, only how to address them."""
    known = contact or {}
    ways: Mapping[str, Any] = known.get("contacts") or {}
    address = next((ways[way] for way in (*_PREFERRED, *ways) if ways.get(way)), None)
    return Recipient(known.get("name") or words.names[CUSTOMER], address and str(address), ways.get("email"))


def staff(message: Message, contacts: Contacts, words: Catalogue) -> Recipient:
    """Return the department, merchant, brand or role as the policy's `contacts` says."""
    entry = _address(message, contacts)
    name = (entry.name if entry else None) or message.party or words.names.get(message.to, message.to)
    email = entry.email if entry else None
    return Recipient(name, email, email)


def language_wanted(message: Message, ticket: Ticket, contacts: Contacts) -> str | None:
    """Return the language that the reader asks for, as far as anybody said."""
    if message.to == CUSTOMER:
        wanted: str | None = ticket.customer.get("language")
        return wanted
    entry = _address(message, contacts)
    return entry.language if entry else None


def _address(message: Message, contacts: Contacts) -> Address | None:
    match message.to:
        case "department":
            return contacts.departments.get(message.party or "")
        case "merchant":
            return contacts.merchants.get(message.party or "")
        case "brand":
            return contacts.brands.get(message.party or "")
        case "owner" | "team_leader" | "manager":
            return contacts.roles.get(message.to)
        case _:
            return None
