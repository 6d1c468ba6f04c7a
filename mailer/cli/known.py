"""The person whom a command names: found, or said why there is none; and shown, for people and programs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailer.wiring import Workspace
    from subscribers.address import Address
    from subscribers.lifecycle import Status
    from subscribers.people import Person


def known(workspace: "Workspace", connection: "Connection", address: "Address", newsletter: str) -> "Person":
    """The person as seen from a newsletter; raises UnknownSubscriber, and says what is known of the address all the same."""
    from subscribers.errors import UnknownSubscriber  # noqa: PLC0415  # lazy, as the others
    from subscribers.people import show  # noqa: PLC0415  # lazy: heavy

    person = show(connection, address, newsletter)
    if person is None:
        raise UnknownSubscriber(
            f"nobody here has the address {address.email}", hint=_why_not(workspace, connection, address)
        )
    return person


def _why_not(workspace: "Workspace", connection: "Connection", address: "Address") -> str:
    from subscribers.forwarding import belongs_to  # noqa: PLC0415  # lazy: heavy
    from subscribers.rows import is_erased, suppressed  # noqa: PLC0415  # lazy: heavy

    if is_erased(connection, workspace.erasure_hashes(address.key)):
        return "whoever had it was erased, and is not mailed"
    now = belongs_to(connection, address)
    if now is not None:
        return f"it was merged into {now}, or left for it: `mailer subscribers show {now}`"
    reason = suppressed(connection, address.key)
    if reason is not None:
        return f"it is suppressed all the same: {reason}; `mailer subscribers history {address.email}` says since when"
    return "`mailer subscribers list` says who is"


def person_lines(person: "Person", newsletters: "Mapping[str, Status]") -> Iterator[str]:
    """What is known of a person, in lines; `newsletters` is what they are to each."""
    yield f"{person.email}  {person.name}".rstrip()
    for each, status in newsletters.items():
        yield f"  {each}: {status}"
    if person.suppressed:
        yield f"  suppressed: {person.suppressed}; not mailed until that is lifted"
    if person.tags:
        yield f"  tags: {', '.join(person.tags)}"
    for field, value in person.fields.items():
        yield f"  {field}: {value}"


def person_json(person: "Person") -> dict[str, Any]:
    """The JSON contract of a person in a listing (DESIGN §6)."""
    return {
        "email": person.email,
        "name": person.name,
        "status": person.status,
        "suppressed": person.suppressed,
        "tags": list(person.tags),
        "fields": dict(person.fields),
    }
