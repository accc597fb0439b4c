"""A small SMTP server, as much of RFC 5321 as a client that sends one mail needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage


class SmtpPeer:
    """Keeps what it accepts; `refuse` answers every recipient so, as often as `refusals` says."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = b""
        self.refusals = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 peer.test\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                answer = self._answer(line.strip().upper())
                writer.write(answer + b"\r\n")
                await writer.drain()
                if answer.startswith(b"354"):
                    raw = await reader.readuntil(b"\r\n.\r\n")
                    mail = message_from_bytes(raw[:-3], policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                    writer.write(b"250 kept\r\n")
                    await writer.drain()
                if answer.startswith(b"221"):
                    break
        writer.close()

    def _answer(self, command: bytes) -> bytes:
        match command.split(b" ")[0].split(b":")[0]:
            case b"EHLO" | b"HELO":
                return b"250 peer.test"
            case b"RCPT" if self.refusals:
                self.refusals -= 1
                return self.refuse
            case b"DATA":
                return b"354 go on"
            case b"QUIT":
                return b"221 bye"
            case b"MAIL" | b"RCPT" | b"RSET":
                return b"250 ok"
            case _:
                return b"502 unknown"


@contextlib.asynccontextmanager
async def smtp_peer() -> AsyncIterator[SmtpPeer]:
    """Run a peer on a free port."""
    peer = SmtpPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield peer
