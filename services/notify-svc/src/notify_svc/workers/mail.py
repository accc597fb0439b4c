"""Mail beside the storefront's message, where there is an address. SMTP has no idempotency: Message-ID is ours."""

from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from notify_svc.decisions.delivery import Result
from notify_svc.store.messages import Stored

_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = 500


class Mail:
    """Sends by one SMTP server, `smtp://user:password@host:port` or `smtps://…`.

    Raises:
        ValueError: another kind of URL.
    """

    def __init__(self, url: str, sender: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://host:port or smtps://host:port, with user:password@ if needed")
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._timeout_s = timeout_s

    async def deliver(self, stored: Stored) -> Result:
        """Send the mail. A refusal for good (5xx) fails; all else may heal."""
        try:
            await aiosmtplib.send(
                self._mail(stored),
                hostname=self._host,
                port=self._port,
                use_tls=self._tls,
                username=self._user,
                password=self._password,
                timeout=self._timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = [each.code for each in error.recipients]
            return Result("failed" if all(code >= _PERMANENT for code in refused) else "later", repr(error)[:500])
        except aiosmtplib.SMTPResponseException as error:
            return Result("failed" if error.code >= _PERMANENT else "later", repr(error)[:500])
        except (aiosmtplib.SMTPException, OSError) as error:
            return Result("later", repr(error)[:500])
        return Result("done")

    def _mail(self, stored: Stored) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = stored.email or ""
        mail["Subject"] = stored.subject or stored.message.template
        mail["Message-ID"] = f"<{stored.message_id}@{self._sender.rpartition('@')[2] or 'amends'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(stored.text or "")  # clears every Content-* header: ours comes after it
        mail["Content-Language"] = stored.language
        return mail
