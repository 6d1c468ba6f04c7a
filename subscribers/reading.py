"""How a newsletter's people are read: page by page, in order of their number, so that memory stays flat."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Integer, Row, Select, String, any_, bindparam, func, select

from subscribers.lifecycle import Status
from subscribers.tables import subscriber_tags, subscribers, subscriptions

PAGE = 2000
"""People read at once."""


def of_newsletter(
    chosen: Select[*tuple[Any, ...]],
    newsletter: str,
    segment: ColumnElement[bool] | None = None,
    status: Status | None = None,
) -> Select[*tuple[Any, ...]]:
    """The columns, of everyone with a subscription to the newsletter; `segment` is a condition on `subscriber`."""
    chosen = chosen.join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    chosen = chosen.where(subscriptions.c.newsletter == newsletter)
    if status is not None:
        chosen = chosen.where(subscriptions.c.status == status.value)
    return chosen if segment is None else chosen.where(segment)


def pages(
    connection: Connection, chosen: Select[*tuple[Any, ...]], size: int = PAGE
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """The rows of a choice by `of_newsletter`, a page at a time; the connection is free for other reading in between.

    One statement with a cursor, not one for each page: whoever is selected is decided once, and PostgreSQL, which joins
    from the lowest number on, would go through half the book for each page.
    """
    chosen = chosen.order_by(subscriptions.c.subscriber_id).execution_options(yield_per=size)
    with connection.execute(chosen) as rows:
        yield from rows.partitions()


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """That a column has one of these values: one parameter, however many there are, so that the statement stays the same."""
    kind = Integer() if isinstance(column.type, Integer) else String()
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(kind), unique=True))
    each = func.json_each(bindparam(None, json.dumps(list(values)), type_=String(), unique=True)).table_valued("value")
    return column.in_(select(each.c.value))


def tags_of(connection: Connection, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """The tags of these people, sorted; whoever has none has the empty tuple."""
    tags: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    chosen = select(subscriber_tags.c.subscriber_id, subscriber_tags.c.tag)
    for subscriber_id, tag in connection.execute(chosen.where(among(connection, subscriber_tags.c.subscriber_id, ids))):
        tags[subscriber_id] += (tag,)
    return defaultdict(tuple, {subscriber_id: tuple(sorted(words)) for subscriber_id, words in tags.items()})
