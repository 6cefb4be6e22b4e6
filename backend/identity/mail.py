"""Mails to users: sent by SMTP, or written to the log where no server is set (development)."""

import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog

log = structlog.get_logger()
TIMEOUT_S = 10


class Mailer(Protocol):
    """Sends text to an address."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send it; what cannot be sent is in the log, and its user asks again."""


class LogMailer:
    """Tells the log of mails that nobody sends, where there is no server for them."""

    def __init__(self, *, show_text: bool) -> None:
        """`show_text` for development only: mails hold tokens."""
        self._show_text = show_text

    def send(self, to: str, subject: str, text: str) -> None:
        """Write it."""
        shown = {"to": to, "text": text} if self._show_text else {}
        log.info("mail not sent: set SMTP_URL", subject=subject, **shown)


class BackgroundMailer:
    """Sends mails after the answer: how long it takes must not tell who has an account."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mail")

    def send(self, to: str, subject: str, text: str) -> None:
        """Have it sent."""
        self._pool.submit(self._mailer.send, to, subject, text)


@dataclass(frozen=True)
class SmtpMailer:
    """Sends mails by a server: `smtps://` by TLS from the start, `smtp://` by STARTTLS.

    Without TLS only on this machine: passwords and tokens go through it.
    """

    url: str = field(repr=False)  # it may hold a password
    sender: str

    def send(self, to: str, subject: str, text: str) -> None:
        """Send it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message.set_content(text)
        try:
            with self._connect() as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # Not the exception itself, which may quote the address.
            log.warning("mail not sent: see SMTP_URL", error=type(error).__name__)

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, context = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_S)
            if host not in ("127.0.0.1", "localhost"):
                server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server
