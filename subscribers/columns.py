"""Column types that every table shares, and the Core view of an SQLModel table."""

from datetime import UTC, datetime
from typing import cast

from sqlalchemy import JSON, DateTime, Dialect, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive one is refused: it would be read in whatever zone the reader has."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Check and convert on the way in; SQLite has no zones, so it gets UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature  # noqa: ARG002  # as SQLAlchemy calls it
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_moment(moment: datetime) -> str:
    """An aware moment as SQLite keeps it under UtcDateTime: for statements that go to the driver as they are.

    All are equally long, so that their order as text is their order in time.
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def json_type(*, none_as_null: bool = False) -> JSON:
    """JSON that PostgreSQL can compare and index; `none_as_null`: None is NULL, not JSON's own null."""
    return JSON(none_as_null).with_variant(JSONB(none_as_null), "postgresql")


def core(model: type[SQLModel]) -> Table:
    """The Core table of a model: hot paths work on it, because ORM objects there are 50 times slower."""
    return cast("Table", model.__table__)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # set by SQLModel's metaclass
