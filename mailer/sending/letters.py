"""Composes the letters of a mailing for transports that carry whole letters."""

from collections.abc import Callable
from datetime import datetime

from mailer.errors import LetterError
from mailer.ledger.claims import Claimed
from mailer.ledger.mailings import MailingRow
from mailer.links import Links
from mailer.message.press import Press
from mailer.rendering.edition import Edition
from mailer.sending.values import personal_values
from mailer.transport.base import Envelope, Refused


def letters(
    edition: Edition, mailing: MailingRow, links: Links, now: Callable[[], datetime]
) -> Callable[[Claimed], Envelope | Refused]:
    """What makes the letter of each person who was claimed; a person for whom none can be written is refused."""
    press = Press(edition)
    sender = edition.letterhead.from_email

    def letter(person: Claimed) -> Envelope | Refused:
        values = personal_values(person, links, mailing.newsletter, mailing.issue)
        try:
            content = press.letter(
                to_email=person.email,
                to_name=person.name,
                values=values,
                segments=person.segments,
                unsubscribe_url=values["unsubscribe_url"],
                message_id=press.message_id(mailing.token, person.tag),
                date=now(),
            )
        except LetterError as error:
            # One person's odd name must not stop the letters of everybody else.
            return Refused(f"cannot be composed: {error}")
        return Envelope(sender, person.email, content, mailing.token, person.tag)

    return letter
