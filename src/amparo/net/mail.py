"""Send a letter through the operator's own mail server."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from amparo.core.errors import Invalid, Unavailable

_TIMEOUT_S = 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Mailer:
    """A server (`HOST:PORT`), whom letters come from, and how to sign in there, if at all.

    Nothing goes unencrypted to another machine.
    """

    server: str
    sender: str
    user: str = ""
    password_file: Path | None = None

    def send(self, to: str, subject: str, text: str) -> None:
        """Raises Unavailable where the server does not take it, Invalid where it is not set."""
        host, _, port = self.server.rpartition(":")
        if not host or not port.isdigit() or not self.sender:
            raise Invalid("Set AMPARO_MAIL_SERVER=HOST:PORT and AMPARO_MAIL_FROM.")
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self.sender, to, subject
        letter.set_content(text)
        try:
            with smtplib.SMTP(host, int(port), timeout=_TIMEOUT_S) as server:
                if host not in _LOOPBACK:
                    server.starttls(context=ssl.create_default_context())
                if self.user and self.password_file is not None:
                    server.login(self.user, self.password_file.read_text("utf-8").strip())
                server.send_message(letter)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(
                f"The mail server does not take it ({type(error).__name__})."
            ) from error
