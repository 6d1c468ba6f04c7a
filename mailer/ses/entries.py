"""What SendBulkEmail is given for an edition: a template for each audience within it, and an entry for each person."""

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mailer.errors import LetterError, RenderError
from mailer.message import headers
from mailer.message.letterhead import shared_fields
from mailer.message.press import Press, list_unsubscribe, to_field
from mailer.rendering.edition import Edition, Place, Slot
from mailer.rendering.slots import escape, fill, value_for
from mailer.ses import limits
from mailer.ses.literals import Names, template

_SUBJECT = "subject"

# Values that every escape but that of URLs leaves as they are: nearly all of them.
_PLAIN = re.compile(r"[\w!#$%()*+,./:;=?@^|~-]+(?: [\w!#$%()*+,./:;=?@^|~-]+)*", re.ASCII)


@dataclass(frozen=True)
class Template:
    """What is the same for all the people of a call."""

    parameters: Mapping[str, Any]
    """Of SendBulkEmail, but for its entries."""
    slots: tuple[tuple[str, Slot], ...]
    """Each by the name that its value goes by."""
    texts: Mapping[str, str]
    """By name, values that are the same for all."""

    @cached_property
    def size(self) -> int:
        """Bytes that it takes of a call."""
        return len(json.dumps(self.parameters))


@dataclass(frozen=True)
class Entry:
    """One person's part of a call."""

    recipient: str
    mailing: str
    delivery: str
    template: Template
    mailbox: str
    """Name and address, as the header To says them."""
    unsubscribe: str
    """The value of the header List-Unsubscribe."""
    data: str
    """A JSON object: the value of every slot of the template."""

    @cached_property
    def size(self) -> int:
        """Bytes that it takes of a call."""
        return len(json.dumps(self.parameters()))

    def parameters(self) -> dict[str, Any]:
        """As SendBulkEmail takes it."""
        return {
            "Destination": {"ToAddresses": [self.mailbox]},
            "ReplacementTags": [{"Name": "delivery", "Value": self.delivery}],
            "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": self.unsubscribe}],
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": self.data}},
        }


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
        data = dict(made.texts)
        for name, slot in made.slots:
            data[name] = _value(slot, values)
        if not self._fields.subject:
            data[_SUBJECT] = headers.tame(fill(self._edition.subject, values, ()))
        entry = Entry(
            recipient=to_email,
            mailing=self._mailing,
            delivery=delivery,
            template=made,
            mailbox=_mailbox(to_email, to_name),
            unsubscribe=f"<{list_unsubscribe(unsubscribe_url)}>",
            data=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
        )
        wrong = (
            limits.in_address(to_email)
            or limits.in_tag(delivery)
            or limits.in_headers([*self._fields.default, ("List-Unsubscribe", entry.unsubscribe)])
            or limits.in_data(entry.data)
            or limits.in_call(made.size + entry.size)
        )
        if wrong:
            raise LetterError(f"SES would not take the letter: {wrong}")
        return entry

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


def _value(slot: Slot, values: Mapping[str, str]) -> str:
    value = values.get(slot.name, "")
    if slot.place is not Place.URL and _PLAIN.fullmatch(value):
        return value
    return escape(value_for(slot, values), slot.place)


def _mailbox(email: str, name: str) -> str:
    """Name and address; a name for which SES has no room is left out."""
    mailbox = _on_one_line(to_field(email, name))
    return mailbox if len(mailbox) <= limits.LONGEST_MAILBOX else _on_one_line(to_field(email, ""))


def _on_one_line(field: str) -> str:
    """The value of a folded header field, on one line."""
    return field.partition(":")[2].replace("\r\n ", " ").strip()
