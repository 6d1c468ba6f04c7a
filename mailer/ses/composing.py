"""Composes the entries of a mailing, for SES to make the letters of."""

from collections.abc import Callable

from mailer.errors import LetterError
from mailer.ledger.claims import Claimed
from mailer.ledger.mailings import MailingRow
from mailer.links import Links
from mailer.rendering.edition import Edition
from mailer.sending.values import personal_values
from mailer.ses.entries import Entries
from mailer.ses.entry import Entry
from mailer.transport.base import Refused


def entries(
    edition: Edition, mailing: MailingRow, links: Links, configuration_set: str
) -> Callable[[Claimed], Entry | Refused]:
    """What makes the entry of each person who was claimed; a person for whom none can be made is refused."""
    made = Entries(edition, mailing.token, configuration_set)

    def entry(person: Claimed) -> Entry | Refused:
        values = personal_values(person, links, mailing.newsletter, mailing.issue)
        try:
            return made.entry(
                person.email,
                person.name,
                values,
                person.segments,
                unsubscribe_url=values["unsubscribe_url"],
                delivery=person.tag,
            )
        except LetterError as error:
            return Refused(f"cannot be composed: {error}")

    return entry
