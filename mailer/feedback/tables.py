"""The tables of feedback: what came in, what could not be read, and letters that went out twice. Times are UTC."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Text
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core


class Event(SQLModel, table=True):
    """One event, stored once. What it means stands as facts in the ledger; this tells the story, and can be replayed."""

    __tablename__: ClassVar[Any] = "event"
    __table_args__: ClassVar[Any] = (
        Index("ix_event_letter", "subscriber_id", "mailing_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    key: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, unique=True), description="the same event has the same one"
    )
    kind: str = Field(description="one of values.Kind")
    detail: str = Field(description="the carrier's own words for it")
    message_id: str
    mailing_id: int | None = Field(default=None, description="none: no mailing of ours")
    subscriber_id: int | None = Field(default=None, description="none: a letter that is not in the ledger, or a notice")
    attempt: int | None = Field(default=None, description="which attempt of the delivery; none: its tag is not known")
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False), description="by the carrier's clock")
    heard_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False, index=True))
    diagnosis: str = Field(sa_column=Column(Text, nullable=False), description="hostile text")
    raw: str = Field(
        sa_column=Column(Text, nullable=False), description="empty: its time was over, or it names an erased"
    )


class EventError(SQLModel, table=True):
    """Something that came in and could not be read or applied. Kept until somebody replays it or its time is over."""

    __tablename__: ClassVar[Any] = "event_error"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    key: bytes = Field(
        sa_column=Column(LargeBinary, nullable=False, unique=True), description="the same text has the same one"
    )
    origin: str = Field(description="where it came from")
    problem: str = Field(sa_column=Column(Text, nullable=False), description="why it could not be read")
    heard_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False, index=True))
    raw: str = Field(sa_column=Column(Text, nullable=False))


class Double(SQLModel, table=True):
    """A second letter of one attempt: the carrier gave it a number of its own, so somebody got the issue twice."""

    __tablename__: ClassVar[Any] = "double"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    mailing_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    attempt: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    message_id: str = Field(sa_column=Column(String, primary_key=True))
    heard_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


events = core(Event)
event_errors = core(EventError)
doubles = core(Double)
