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


_AFTER_A_NAME = frozenset(
    {"jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "dvm", "esq", "mba", "cpa", "rn", "obe", "mbe"}
)
"""What stands behind a comma and is no given name: nobody is greeted with "Dear PhD"."""


def first_name(name: str, fields: Mapping[str, Any]) -> str:
    """How to address a person: the field `first_name`, else the first word of the name.

    "Lovelace, Ada" is Ada; "Martin Luther King, Jr." is Martin.
    """
    own = _words(fields.get("first_name", ""))
    if own.strip():
        return own.strip()
    before, _, after = name.partition(",")
    given = after.split()
    if not given or given[0].replace(".", "").rstrip(",").lower() in _AFTER_A_NAME:
        given = before.split()
    return given[0] if given else ""


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
