"""What one person's slots are filled with."""

from collections.abc import Mapping
from typing import Any

from mailer.ledger.claims import Claimed
from mailer.links import Links


def personal_values(person: Claimed, links: Links, newsletter: str, issue: int) -> dict[str, str]:
    """Slot name -> value for one person: their fields, name and address, and their own links."""
    values = {name: _words(value) for name, value in person.fields.items()}
    values["name"] = person.name
    values["first_name"] = first_name(person.name, person.fields)
    values["email"] = person.email
    values["unsubscribe_url"] = links.unsubscribe_url(newsletter, person.subscriber_id)
    values["preferences_url"] = links.preferences_url(newsletter, person.subscriber_id)
    values["view_url"] = links.view_url(newsletter, issue)
    return values


def first_name(name: str, fields: Mapping[str, Any]) -> str:
    """How to address a person: the field `first_name`, else the first word of the name ("Lovelace, Ada" is Ada)."""
    own = _words(fields.get("first_name", ""))
    if own.strip():
        return own.strip()
    family, comma, given = name.partition(",")
    words = (given if comma else family).split()
    return words[0] if words else ""


def _words(value: object) -> str:
    """A field as words; what is no plain value says nothing, and the slot's fallback stands."""
    match value:
        case str():
            return value
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
        case _:
            return ""
