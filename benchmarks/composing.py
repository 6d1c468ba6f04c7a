"""One person's letter from an edition, beside what Python's own email package takes for the same letter."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

from measuring import Figure, headline, seconds
from sample import NUMBER, workspace

from mailer.ledger.claims import Claimed
from mailer.message.press import Press
from mailer.rendering.slots import fill
from mailer.sending.values import personal_values

LETTERS = 2_000
NOW = datetime(2026, 3, 23, 6, tzinfo=UTC)


def figures() -> Iterator[Figure]:
    """Microseconds a letter."""
    headline(f"Composing letters of issue 54 (median of 5 runs of {LETTERS:,}, processor time)")
    here = workspace()
    edition = here.edition(None, NUMBER)
    links = here.links
    newsletter = edition.letterhead.newsletter
    people = [
        Claimed(number, 1, f"reader{number}@example.org", f"Zoë Reader {number}", {}, frozenset())
        for number in range(1, LETTERS + 1)
    ]
    press = Press(edition)

    def letter(person: Claimed) -> bytes:
        values = personal_values(person, links, newsletter, NUMBER)
        return press.letter(
            person.email,
            person.name,
            values,
            person.segments,
            unsubscribe_url=values["unsubscribe_url"],
            message_id=press.message_id("benchmark", person.tag),
            date=NOW,
        )

    def ordinary(person: Claimed) -> bytes:
        values = personal_values(person, links, newsletter, NUMBER)
        message = EmailMessage(policy.SMTP)
        message["From"] = edition.letterhead.from_email
        message["To"] = person.email
        message["Subject"] = fill(edition.subject, values, person.segments)
        message["List-Unsubscribe"] = f"<{values['unsubscribe_url']}>"
        message.set_content(fill(edition.text, values, person.segments))
        message.add_alternative(fill(edition.html, values, person.segments), subtype="html")
        return message.as_bytes()

    ours = seconds(lambda: [letter(person) for person in people], runs=5, warm=1) / LETTERS
    values = seconds(
        lambda: [personal_values(person, links, newsletter, NUMBER) for person in people], runs=5, warm=1
    ) / LETTERS  # fmt: skip
    some = people[:100]
    theirs = seconds(lambda: [ordinary(person) for person in some], runs=5, warm=1) / len(some)
    yield Figure("a person's values and signed links", 1e6 * values, "µs")
    yield Figure(
        "a whole letter, values and links included", 1e6 * ours, "µs", note=f"{len(letter(people[0])):,} bytes"
    )
    yield Figure(
        "the same by email.message.EmailMessage", 1e6 * theirs, "µs", note=f"{theirs / ours:,.0f} times as long"
    )
