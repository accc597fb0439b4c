"""Files that came as evidence: bytes in the database, their digest in the event."""

from dataclasses import dataclass

from sqlalchemy import text

from amends.db import Tx

_INSERT = text("""
    INSERT INTO evidence (evidence_id, tenant, ticket_id, kind, file_name, media_type, sha256, content)
    VALUES (:evidence_id, :tenant, :ticket_id, :kind, :file_name, :media_type, :sha256, :content)
""")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file. `sha256` is the hex digest of `content`."""

    evidence_id: str
    kind: str
    file_name: str | None
    media_type: str
    sha256: str
    content: bytes


async def insert(tx: Tx, tenant: str, ticket_id: str, file: EvidenceFile) -> None:
    """Keep a file of a ticket."""
    values = {
        "evidence_id": file.evidence_id,
        "tenant": tenant,
        "ticket_id": ticket_id,
        "kind": file.kind,
        "file_name": file.file_name,
        "media_type": file.media_type,
        "sha256": file.sha256,
        "content": file.content,
    }
    await tx.execute(_INSERT, values)
