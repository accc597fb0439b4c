"""Personal data: names and addresses of customers. It stands here and nowhere else; erasing is deleting here."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from amends.db import Tx

_PUT = text("""
    INSERT INTO contacts (contact_ref, tenant, customer_id, name, contacts, language)
    VALUES (:contact_ref, :tenant, :customer_id, :name, CAST(:contacts AS jsonb), :language)
    ON CONFLICT (contact_ref) DO UPDATE SET name = COALESCE(excluded.name, contacts.name),
        contacts = CASE WHEN excluded.contacts = '{}' THEN contacts.contacts ELSE excluded.contacts END,
        language = COALESCE(excluded.language, contacts.language)
    WHERE contacts.tenant = excluded.tenant AND contacts.customer_id = excluded.customer_id
""")
_GET = text("""
    SELECT customer_id, name, contacts, language FROM contacts WHERE contact_ref = :contact_ref AND tenant = :tenant
""")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who stands behind a `contact_ref`. `contacts`: addresses by channel (phone, email, …)."""

    contact_ref: str
    customer_id: str
    name: str | None
    contacts: dict[str, str]
    language: str | None


async def put(tx: Tx, tenant: str, contact: Contact) -> None:
    """Keep a contact; of the same customer, what is not given stays as it was."""
    values: dict[str, Any] = {
        "contact_ref": contact.contact_ref,
        "tenant": tenant,
        "customer_id": contact.customer_id,
        "name": contact.name,
        "contacts": json.dumps(contact.contacts, ensure_ascii=False),
        "language": contact.language,
    }
    await tx.execute(_PUT, values)


async def get(tx: Tx, tenant: str, contact_ref: str) -> Contact | None:
    """Return the tenant's contact of this reference."""
    row = (await tx.execute(_GET, {"contact_ref": contact_ref, "tenant": tenant})).first()
    return None if row is None else Contact(contact_ref, row.customer_id, row.name, row.contacts, row.language)
