"""A template and one person's part of a call of SendBulkEmail, as they are written into it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mailer.rendering.edition import Place, Slot

# Called with a string each is one call of C.
_in_ascii = json.JSONEncoder().encode
_in_unicode = json.JSONEncoder(ensure_ascii=False).encode


def _inside(text: str) -> str:
    """A text within the quotes of a JSON string."""
    return _in_ascii(text)[1:-1]


_FORM = (
    '{"Destination":{"ToAddresses":["%s"]},'
    '"ReplacementTags":[{"Name":"delivery","Value":"%s"}],'
    '"ReplacementHeaders":[{"Name":"List-Unsubscribe","Value":"%s"}],'
    '"ReplacementEmailContent":{"ReplacementTemplate":{"ReplacementTemplateData":"%s"}}}'
)
"""An entry as SendBulkEmail takes it. Written, not serialised: botocore takes longer for it than for the rest of the call."""


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
    def written(self) -> str:
        """The parameters as the beginning of a JSON object, that is not closed."""
        return _in_ascii(self.parameters)[:-1]

    @property
    def size(self) -> int:
        """Bytes that it takes of a call."""
        return len(self.written)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the values that are looked up, each once."""
        return tuple(dict.fromkeys(slot.name for _, slot in self.slots))

    @cached_property
    def form(self) -> str:
        """An entry with places for mailbox, delivery, link, and then every slot, all of them plain; empty: none can be."""
        if any(slot.place is Place.URL for _, slot in self.slots):
            return ""
        texts = [f"{_in_ascii(name)}:{_in_unicode(text)}" for name, text in self.texts.items()]
        data = [_inside(text).replace("%", "%%") for text in texts]
        data += [f'{_inside(_in_ascii(name))}:\\"%s\\"' for name, _ in self.slots]
        return _FORM % ("%s", "%s", "%s", f"{{{','.join(data)}}}")


class Entry(NamedTuple):
    """One person's part of a call."""

    recipient: str
    mailing: str
    delivery: str
    template: Template
    written: str
    """JSON, all of it ASCII: a character is a byte of the call."""

    @classmethod
    def make(
        cls,
        recipient: str,
        mailing: str,
        delivery: str,
        template: Template,
        *,
        mailbox: str,
        unsubscribe: str,
        data: str,
    ) -> "Entry":
        """An entry of any words.

        `mailbox`: name and address, as the header To says them; `unsubscribe`: the value of List-Unsubscribe; `data`: a
        JSON object, the value of every slot of the template.
        """
        written = _FORM % (_inside(mailbox), _inside(delivery), _inside(unsubscribe), _inside(data))
        return cls(recipient, mailing, delivery, template, written)

    @property
    def size(self) -> int:
        """Bytes that it takes of a call."""
        return len(self.written)

    @property
    def parameters(self) -> dict[str, Any]:
        """As SendBulkEmail takes it."""
        return json.loads(self.written)

    @property
    def mailbox(self) -> str:
        """Name and address, as the header To says them."""
        return self.parameters["Destination"]["ToAddresses"][0]

    @property
    def data(self) -> dict[str, str]:
        """The value of every slot of the template, by the name that it goes by."""
        return json.loads(self.parameters["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
