"""The craft of a letter: RFC 5322 and MIME, written once for an edition and finished for each person."""

from mailer.message.headers import message_id
from mailer.message.press import Press
from mailer.message.verify import verify

__all__ = ["Press", "message_id", "verify"]
