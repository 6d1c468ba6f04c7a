"""What SendBulkEmail is given for an edition: a template for each audience within it, and an entry for each person."""

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mailer.errors import LetterError, RenderError
from mailer.message import headers
from mailer.message.headers import is_address
from mailer.message.letterhead import shared_fields
from mailer.message.press import Press, list_unsubscribe, to_field
from mailer.rendering.edition import Edition
from mailer.rendering.slots import escape, fill, value_for
from mailer.ses import limits
from mailer.ses.entry import Entry, Template
from mailer.ses.literals import Names, template

_SUBJECT = "subject"
_LONGEST_PLAIN_URL = 900
_LONGEST_PLAIN_WORDS = 100_000

# Values that every escape but that of URLs, and JSON, leave as they are: nearly all of them.
_PLAIN = re.compile(r"[\w!#$%()*+,./:;=?@^|~-]+(?: [\w!#$%()*+,./:;=?@^|~-]+)*", re.ASCII)
# Names that a header says as they are: most of them, too.
_PLAIN_NAME = re.compile(r"(?=.{0,60}\Z)(?:[A-Za-z0-9]+(?: [A-Za-z0-9]+)*)?", re.ASCII)


class _Person(NamedTuple):
    """What a letter is made for."""

    email: str
    name: str
    values: Mapping[str, str]
    url: str
    delivery: str


class Entries:
    """Makes the entries of one edition: the same letters as Press prints, composed by SES.

    Raises RenderError when the edition cannot be such a letter.
    """

    def __init__(self, edition: Edition, mailing: str, configuration_set: str = "") -> None:
        # It prints the worst letters that it can think of and reads them back: what it refuses, no way of sending may have.
        Press(edition)
        self._edition = edition
        self._mailing = mailing
        self._set = {"ConfigurationSetName": configuration_set} if configuration_set else {}
        self._segments = edition.segments
        self._templates: dict[tuple[bool, ...], Template] = {}
        self._fields = _fields(edition)
        # The largest that there will be: what does not fit is said before anybody is written to.
        self._template(self._segments)

    def entry(
        self,
        to_email: str,
        to_name: str,
        values: Mapping[str, str],
        segments: Container[str],
        *,
        unsubscribe_url: str,
        delivery: str,
    ) -> Entry:
        """The entry of one person; arguments as `Press.letter` takes them.

        Raises LetterError when this person's address or link cannot stand in a header, or their values are too long.
        """
        made = self._template(segments)
        person = _Person(to_email, to_name, values, unsubscribe_url, delivery)
        entry = self._plain(made, person) or self._any(made, person)
        wrong = limits.in_address(to_email) or limits.in_tag(delivery) or limits.in_call(made.size + entry.size)
        if wrong:
            raise _not_taken(wrong)
        return entry

    def _plain(self, made: Template, person: _Person) -> Entry | None:
        """The entry of a person all of whose words stand for themselves wherever they are; None for others.

        Nearly everybody's, in a fraction of the time. It is what `_any` makes, to the letter.
        """
        email, name, values, url, delivery = person
        if not (made.form and self._fields.subject and _PLAIN_NAME.fullmatch(name) and is_address(email)):
            return None
        if not all(_PLAIN.fullmatch(values.get(each, "")) for each in made.names):
            return None
        if not _PLAIN.fullmatch(url) or len(url) > _LONGEST_PLAIN_URL:
            return None
        words = [values[slot.name] for _, slot in made.slots]
        if sum(map(len, words)) > _LONGEST_PLAIN_WORDS:
            return None
        mailbox = f"{name} <{email}>" if name else f"<{email}>"
        written = made.form % (mailbox, delivery, f"<{list_unsubscribe(url)}>", *words)
        return Entry(email, self._mailing, delivery, made, written)

    def _any(self, made: Template, person: _Person) -> Entry:
        data = dict(made.texts)
        for name, slot in made.slots:
            data[name] = escape(value_for(slot, person.values), slot.place)
        if not self._fields.subject:
            data[_SUBJECT] = headers.tame(fill(self._edition.subject, person.values, ()))
        written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        unsubscribe = f"<{list_unsubscribe(person.url)}>"
        wrong = limits.in_headers([("List-Unsubscribe", unsubscribe)]) or limits.in_data(written)
        if wrong:
            raise _not_taken(wrong)
        return Entry.make(
            person.email,
            self._mailing,
            person.delivery,
            made,
            mailbox=_mailbox(person.email, person.name),
            unsubscribe=unsubscribe,
            data=written,
        )

    def _template(self, segments: Container[str]) -> Template:
        inside = tuple(segment in segments for segment in self._segments)
        made = self._templates.get(inside)
        if made is None:
            made = self._templates[inside] = self._made(segments)
        return made

    def _made(self, segments: Container[str]) -> Template:
        names, fields = Names(), self._fields
        content = {
            "Subject": template((fields.subject,), (), names) if fields.subject else "{{" + _SUBJECT + "}}",
            "Text": template(self._edition.text, segments, names),
            "Html": template(self._edition.html, segments, names),
        }
        parameters = {
            "FromEmailAddress": fields.sender,
            **({"ReplyToAddresses": [fields.reply_to]} if fields.reply_to else {}),
            "DefaultEmailTags": [{"Name": "mailing", "Value": self._mailing}],
            "DefaultContent": {
                "Template": {
                    "TemplateContent": content,
                    "TemplateData": "{}",
                    "Headers": [{"Name": name, "Value": value} for name, value in fields.default],
                }
            },
            **self._set,
        }
        made = Template(
            parameters,
            slots=tuple((name, slot) for slot, name in names.slots.items()),
            texts={name: text for text, name in names.texts.items()},
        )
        if made.size > limits.LARGEST_CALL // 2:
            raise RenderError(
                f"issue {self._edition.issue} is too large to be sent in bulk: {made.size:,} bytes, and a call holds "
                f"{limits.LARGEST_CALL:,} with its people",
                hint="shorten it; mail programs cut letters of more than 102 KB anyway",
            )
        return made


@dataclass(frozen=True)
class _Fields:
    """The values of the header fields that are the same for all."""

    sender: str
    reply_to: str
    subject: str
    """Empty when it differs from person to person."""
    default: tuple[tuple[str, str], ...]


def _fields(edition: Edition) -> _Fields:
    shared = shared_fields(edition)
    default = (
        ("List-Id", _on_one_line(shared.list_id)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "bulk"),
    )
    wrong = limits.in_headers(default)
    if wrong:
        raise RenderError(
            f"SES would not take the letters of issue {edition.issue}: {wrong}",
            hint=f"shorten the title in issues/{edition.letterhead.newsletter}/newsletter.yaml",
        )
    return _Fields(
        sender=_on_one_line(shared.sender),
        reply_to=edition.letterhead.reply_to,
        subject=headers.tame(fill(edition.subject, {}, ())) if shared.subject else "",
        default=default,
    )


def _not_taken(wrong: str) -> LetterError:
    return LetterError(f"SES would not take the letter: {wrong}")


def _mailbox(email: str, name: str) -> str:
    """Name and address; a name for which SES has no room is left out."""
    mailbox = _on_one_line(to_field(email, name))
    return mailbox if len(mailbox) <= limits.LONGEST_MAILBOX else _on_one_line(to_field(email, ""))


def _on_one_line(field: str) -> str:
    """The value of a folded header field, on one line."""
    return field.partition(":")[2].replace("\r\n ", " ").strip()
