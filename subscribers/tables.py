"""The tables of the address book. Times are UTC; an address is compared by its key, never by its spelling."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core, json_type


class Subscriber(SQLModel, table=True):
    """A person with an address. Erasing deletes the row; its number is never given to anyone else."""

    __tablename__: ClassVar[Any] = "subscriber"
    # AUTOINCREMENT: SQLite would else give an erased person's number, and with it their links and deliveries, to the next.
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(description="as it is written to")
    email_key: str = Field(unique=True, description="as it is compared: lower case, IDNA domain")
    name: str = ""
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=Column(json_type(), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class Subscription(SQLModel, table=True):
    """What one person is to one newsletter: `unconfirmed`, `subscribed` or `unsubscribed`."""

    __tablename__: ClassVar[Any] = "subscription"
    # WITHOUT ROWID: the freeze walks one newsletter's people in order of their number.
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    newsletter: str = Field(sa_column=Column(String, primary_key=True))
    subscriber_id: int = Field(
        sa_column=Column(Integer, ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    status: str
    changed_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


class SubscriberTag(SQLModel, table=True):
    """A word that somebody put on a person, for segments."""

    __tablename__: ClassVar[Any] = "subscriber_tag"
    # No foreign key, nor on the events: PostgreSQL checks them row by row (docs/decisions/0046). Whoever deletes a person
    # holds them, and takes these rows out first.
    __table_args__: ClassVar[Any] = (
        Index("ix_subscriber_tag_tag", "tag", "subscriber_id"),
        {"sqlite_with_rowid": False},
    )

    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    tag: str = Field(sa_column=Column(String, primary_key=True))


class ConsentEvent(SQLModel, table=True):
    """Proof of who agreed to what, when and how (GDPR art. 7(1), CASL s. 13). Only ever appended to."""

    __tablename__: ClassVar[Any] = "consent_event"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    subscriber_id: int = Field(index=True)
    newsletter: str | None = Field(default=None, description="none: about all newsletters")
    action: str = Field(description="one of lifecycle.ConsentAction")
    source: str = Field(default="", description="where it came from: a form, an import, an operator")
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    evidence: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(json_type(), nullable=False), description="IP, user agent, text shown, …"
    )


class Suppression(SQLModel, table=True):
    """An address that is never mailed until lifted. It outlives its subscriber."""

    __tablename__: ClassVar[Any] = "suppression"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    address_key: str = Field(
        sa_column=Column(String, primary_key=True), description="the address's key, or `erased:<keyed hash>`"
    )
    reason: str = Field(sa_column=Column(String, primary_key=True), description="one of lifecycle.SuppressionReason")
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    note: str = ""


class MergedSubscriber(SQLModel, table=True):
    """A number that belongs to nobody any more, because its person was merged into another one.

    Links and events still bear the number, and they mean the one who was kept. An address that somebody left for a new
    one has such a row too, with a number that nobody ever had.
    """

    __tablename__: ClassVar[Any] = "merged_subscriber"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kept_id: int = Field(
        sa_column=Column(Integer, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    address_key: str | None = Field(
        default=None, description="the address that went; none: it was erased by itself, or they went back to it"
    )
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))


subscribers = core(Subscriber)
subscriptions = core(Subscription)
subscriber_tags = core(SubscriberTag)
consent_events = core(ConsentEvent)
suppressions = core(Suppression)
merged_subscribers = core(MergedSubscriber)
