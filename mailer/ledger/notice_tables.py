"""The table of notices: letters to one person outside any mailing, in the same states as deliveries. Times are UTC."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core


def _moment(*, index: bool = False) -> Column[Any]:
    return Column(UtcDateTime(), nullable=True, index=index)


class Notice(SQLModel, table=True):
    """One letter to one address, which need not be in the book: it may be about to enter it, or just have left it.

    Its number is drawn by chance and never given twice, also not after a backup was restored: it stands in the tags of
    the letter, and events that come days later must not find another one.
    """

    __tablename__: ClassVar[Any] = "notice"
    # Nobody gets the same notice twice: a request is answered once in each kind.
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("kind", "request_id"),
        Index("ix_notice_state", "state", "created_at"),
    )

    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str = Field(description="one of notices.Kind")
    newsletter: str = Field(description="in whose name it is sent")
    email: str = Field(description="as it is written to")
    request_id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, nullable=True),
        description="what it answers, and what its link names",
    )
    issue: int | None = Field(default=None, description="of a test: which issue it shows")
    state: str = Field(description="one of states.State")
    reason: str | None = Field(default=None, description="why it was withheld, refused or is uncertain")
    attempt: int = Field(default=0, description="how often it was claimed; part of the SES tag `delivery`")
    sender_id: int | None = Field(default=None, description="who claimed it last")
    created_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    expires_at: datetime = Field(
        sa_column=Column(UtcDateTime(), nullable=False), description="not sent after this: its link would lead nowhere"
    )
    claimed_at: datetime | None = Field(default=None, sa_column=_moment())
    settled_at: datetime | None = Field(default=None, sa_column=_moment())
    message_id: str | None = Field(default=None, description="the transport's own")
    delivered_at: datetime | None = Field(default=None, sa_column=_moment())
    hard_bounced_at: datetime | None = Field(default=None, sa_column=_moment())
    soft_bounced_at: datetime | None = Field(default=None, sa_column=_moment())
    complained_at: datetime | None = Field(default=None, sa_column=_moment())
    rejected_at: datetime | None = Field(default=None, sa_column=_moment())


notices = core(Notice)
