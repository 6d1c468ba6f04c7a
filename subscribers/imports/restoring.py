"""Puts people of an export of ours back as they were: standing, moments, proofs of consent, suppressions.

Only people whom the book does not know; the others gain what any import may give them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from subscribers.errors import BadValue
from subscribers.imports.meeting import Outcome, slice_
from subscribers.imports.staging import Staging
from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.lifecycle import ConsentAction, Status, SuppressionReason
from subscribers.rows import insert_into
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

# In JSON: a NUL, which PostgreSQL cannot keep, and half a letter, which is in no encoding.
_UNKEEPABLE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")


_AGREED = (ConsentAction.ATTESTED.value, ConsentAction.CONFIRMED.value)


def as_record(cells: Mapping[str, str], newsletter: str) -> str:
    """What an export of ours says of a person beyond an address, a name, tags and fields, checked. Raises BadValue.

    Empty for somebody who is subscribed in it without a proof that they agreed to this newsletter: what they are to another
    one says nothing of this one, and they come in as by any file.
    """
    try:
        record: dict[str, Any] = {
            "status": Status(cells["status"]).value,
            "status_at": _moment(cells["status_at"]),
            "created_at": _moment(cells["created_at"]),
            "consent": [_event(event) for event in json.loads(cells["consent"] or "[]")],
            "suppressions": [_suppression(one) for one in json.loads(cells["suppressions"] or "[]")],
        }
        text = json.dumps(record, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BadValue("this is no row of an export of ours: its standing or its proofs cannot be read") from error
    if _UNKEEPABLE.search(text):
        raise BadValue("this is no row of an export of ours: there is a character in its proofs that cannot be kept")
    proved = any(event["newsletter"] == newsletter and event["action"] in _AGREED for event in record["consent"])
    return text if proved or record["status"] != Status.SUBSCRIBED.value else ""


def _event(event: Any) -> dict[str, Any]:
    newsletter, evidence = event["newsletter"], event["evidence"]
    if not isinstance(evidence, dict) or not (newsletter is None or isinstance(newsletter, str)):
        raise TypeError
    return {
        "newsletter": newsletter,
        "action": ConsentAction(event["action"]).value,
        "source": str(event["source"]),
        "at": _moment(event["at"]),
        "evidence": evidence,
    }


def _suppression(one: Any) -> dict[str, str]:
    reason = SuppressionReason(one["reason"])
    if reason is SuppressionReason.ERASED:
        raise ValueError
    return {"reason": reason.value, "at": _moment(one["at"]), "note": str(one["note"])}


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


class Restoring:
    """Enters the people of a slice who come with a record, and takes them out of the slice."""

    def __init__(self, connection: Connection, staging: Staging, import_id: int, newsletter: str, at: datetime) -> None:
        self._connection = connection
        self._staging = staging
        self._id = import_id
        self._newsletter = newsletter
        self._at = at

    def restore(self) -> None:
        """All in the caller's transaction."""
        mine = (
            slice_.c.record != "",
            slice_.c.known.is_(None),
            slice_.c.outcome.in_([Outcome.ADDED.value, Outcome.ENDED.value]),
        )
        found = self._connection.execute(select(slice_).where(*mine).order_by(slice_.c.n)).all()
        if not found:
            return
        records = {row.email_key: json.loads(row.record) for row in found}
        self._connection.execute(
            subscribers.insert(),
            [
                {
                    "id": row.subscriber_id,
                    "email": row.email,
                    "email_key": row.email_key,
                    "name": row.name,
                    "fields": json.loads(row.fields or "{}"),
                    "created_at": datetime.fromisoformat(records[row.email_key]["created_at"]),
                    "updated_at": self._at,
                }
                for row in found
            ],
        )
        numbers = {row.email_key: row.subscriber_id for row in found}
        self._standings(records, numbers)
        tags = [
            {"subscriber_id": numbers[row.email_key], "tag": tag}
            for row in found
            for tag in self._staging.tags_of(row.tags)
        ]
        self._add(subscriber_tags, tags)
        self._add(import_tags, [{**tag, "import_id": self._id} for tag in tags])
        self._connection.execute(delete(slice_).where(*mine))

    def _standings(self, records: Mapping[str, Any], numbers: Mapping[str, int]) -> None:
        standing: list[dict[str, Any]] = [
            {
                "newsletter": self._newsletter,
                "subscriber_id": numbers[key],
                "status": record["status"],
                "changed_at": datetime.fromisoformat(record["status_at"]),
            }
            for key, record in records.items()
        ]
        self._add(subscriptions, standing)
        self._add(import_changes, [{**row, "import_id": self._id, "nth": 1, "created": True} for row in standing])
        events = [
            {**event, "subscriber_id": numbers[key], "at": datetime.fromisoformat(event["at"])}
            for key, record in records.items()
            for event in record["consent"]
        ]
        if events:
            self._connection.execute(consent_events.insert(), events)
        suppressed: list[dict[str, Any]] = [
            {**one, "address_key": key, "at": datetime.fromisoformat(one["at"])}
            for key, record in records.items()
            for one in record["suppressions"]
        ]
        if not suppressed:
            return
        columns = (suppressions.c.address_key, suppressions.c.reason)
        inserting = insert_into(self._connection, suppressions).on_conflict_do_nothing().returning(*columns)
        # Only what was not there before, or there by other imports: taking this one back must not lift what people made.
        new = {(row[0], row[1]) for row in self._connection.execute(inserting, suppressed)}
        others = select(import_suppressions.c.address_key, import_suppressions.c.reason).where(
            import_suppressions.c.address_key.in_(list(records))
        )
        new |= {(row[0], row[1]) for row in self._connection.execute(others)} & {
            (one["address_key"], one["reason"]) for one in suppressed
        }
        self._add(
            import_suppressions,
            [{"address_key": key, "reason": reason, "import_id": self._id} for key, reason in sorted(new)],
        )

    def _add(self, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert_into(self._connection, table).on_conflict_do_nothing(), list(rows))
