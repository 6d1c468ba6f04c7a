"""The tables of the ledger. Times are UTC. Every state is changed by a compare-and-set in this package only."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, String, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core


class Mailing(SQLModel, table=True):
    """The sending of one edition to one audience; unique per issue."""

    __tablename__: ClassVar[Any] = "mailing"
    __table_args__: ClassVar[Any] = (UniqueConstraint("newsletter", "issue"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    newsletter: str
    issue: int
    token: str = Field(unique=True, description="random; the SES tag `mailing`, and part of every Message-ID")
    state: str = Field(description="one of states.MailingState")
    reason: str = Field(default="", description="why it is paused")
    said: str = Field(default="", description="what the carrier said when that made the mailing pause. Hostile text")
    transport: str
    mode: str = Field(default="", description="how the transport is asked, chosen at opening: `raw` or `bulk` for ses")
    segment: str = Field(default="", description="--segment; empty: everyone")
    source_digest: str = Field(description="of the issue's file when the mailing opened")
    edition: str = Field(sa_column=Column(Text, nullable=False), description="Edition.to_json()")
    audience: int = Field(default=0, description="how many were frozen; the equation is checked against it")
    opened_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class Delivery(SQLModel, table=True):
    """One mailing to one subscriber. No address stands here: it is read when the delivery is claimed.

    It names its subscriber without a foreign key: an erased person's deliveries stay, as a number without a name.
    Its mailing too: PostgreSQL would ask for each of a million rows whether the mailing is there (docs/decisions/0018).
    """

    __tablename__: ClassVar[Any] = "delivery"
    # The primary key is the promise "nobody twice", and the order in which claims walk.
    # fillfactor: a row grows from 56 bytes to 140 while it is claimed and settled. With this room 95 % of the changes stay
    # on their page and leave the index alone, without it 15 %; the table ends as large either way.
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 30}},)

    mailing_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    state: str = Field(description="one of states.State")
    reason: str | None = Field(default=None, description="why it was withheld, refused or is uncertain")
    attempt: int = Field(default=0, description="how often it was claimed; part of the SES tag `delivery`")
    sender_id: int | None = Field(default=None, description="who claimed it last")
    claimed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    settled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    message_id: str | None = Field(default=None, description="the transport's own")
    delivered_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    hard_bounced_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    soft_bounced_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    complained_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    rejected_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class Exclusion(SQLModel, table=True):
    """A candidate who was left out of an audience, and why."""

    __tablename__: ClassVar[Any] = "exclusion"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    mailing_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    subscriber_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    reason: str = Field(sa_column=Column(String, nullable=False))


class Sender(SQLModel, table=True):
    """A process that sends. It lives as long as its lock is held, and no clock says otherwise."""

    __tablename__: ClassVar[Any] = "sender"
    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    host: str
    pid: int
    started_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True, index=True))


mailings = core(Mailing)
deliveries = core(Delivery)
exclusions = core(Exclusion)
senders = core(Sender)
