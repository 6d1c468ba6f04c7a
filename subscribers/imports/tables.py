"""The tables of imports: each import, and what it did to whom, so that it can go on after a crash and be taken back."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, String
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core, json_type


class Import(SQLModel, table=True):
    """Files that were taken into a newsletter by one command."""

    __tablename__: ClassVar[Any] = "import"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    newsletter: str
    digest: str = Field(index=True, description="of the files and of how they were read: the same command has the same")
    files: list[str] = Field(sa_column=Column(json_type(), nullable=False))
    consent_source: str = ""
    state: str = Field(description="one of imports.records.ImportState")
    at: datetime = Field(
        sa_column=Column(UtcDateTime(), nullable=False), description="the moment that all its changes bear"
    )
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    first_event: int = Field(description="the number of the last consent event before it: its own come behind")
    position: int = Field(default=0, description="the last person, in order of their keys, who was dealt with")
    counts: dict[str, Any] = Field(sa_column=Column(json_type(), nullable=False), description="summary.Summary")


class ImportChange(SQLModel, table=True):
    """What one import changed about one person and one newsletter, with what was there before.

    An import that says of somebody that they are not to be mailed, whom another import has ended already, has a row too,
    with the same before and after: taking the other one back must not bring them back.
    """

    __tablename__: ClassVar[Any] = "import_change"
    # No foreign keys: PostgreSQL checks them row by row, and `suppressing.erase` takes these rows out itself. It asks by
    # person, and taking back walks all of them once in order of their number: so one index serves both.
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    import_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    newsletter: str = Field(sa_column=Column(String, primary_key=True))
    nth: int = Field(description="in which order imports changed this person: their numbers do not tell, one may pause")
    created: bool = Field(description="the person came into the book by it, or by one that was taken back since")
    status: str | None = Field(default=None, description="what the subscription became; none: it stayed as it was")
    status_before: str | None = Field(default=None, description="none: there was no subscription")
    changed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    changed_at_before: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    name_given: str | None = Field(default=None, description="the name that was missing; none: it stayed as it was")
    fields_given: dict[str, Any] | None = Field(
        default=None,
        sa_column=Column(json_type(none_as_null=True), nullable=True),
        description="those that were missing; none: all stayed as they were",
    )
    updated_at_before: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class ImportTag(SQLModel, table=True):
    """A tag that an import put on somebody."""

    __tablename__: ClassVar[Any] = "import_tag"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    import_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    tag: str = Field(sa_column=Column(String, primary_key=True))


class ImportSuppression(SQLModel, table=True):
    """A suppression that an import made, or that it says as well as the one that made it."""

    __tablename__: ClassVar[Any] = "import_suppression"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    address_key: str = Field(sa_column=Column(String, primary_key=True))
    reason: str = Field(sa_column=Column(String, primary_key=True))
    import_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


imports = core(Import)
import_changes = core(ImportChange)
import_tags = core(ImportTag)
import_suppressions = core(ImportSuppression)
