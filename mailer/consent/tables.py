"""The table of requests: what somebody asked for on a page and has not proved yet. Times are UTC."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core, json_type


class ConsentRequest(SQLModel, table=True):
    """Somebody typed an address into a form. Anybody can type anybody's, so it counts for nothing until it is confirmed.

    Its number is drawn by chance: it stands in the link of its notice, and a database that was restored from a backup
    must not give it to another one.
    """

    __tablename__: ClassVar[Any] = "consent_request"
    __table_args__: ClassVar[Any] = (
        Index("ix_consent_request_mailbox", "mailbox", "asked_at"),
        Index("ix_consent_request_network", "network", "asked_at"),
        Index("ix_consent_request_state", "state", "asked_at"),
    )

    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str = Field(description="one of requests.Kind")
    newsletter: str = Field(description="whose page it was")
    email: str = Field(description="as it was typed and read; empty when the request is over")
    mailbox: str = Field(description="a keyed hash that all spellings of one mailbox share: for the caps alone")
    network: str = Field(description="a keyed hash of the network it came from: for the caps alone")
    state: str = Field(description="one of requests.State")
    reason: str = Field(default="", description="why no notice was sent")
    subscriber_id: int | None = Field(
        default=None, description="whose new address it is; whom a confirmation subscribed"
    )
    asked_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False, index=True))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    evidence: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(json_type(), nullable=False),
        description="IP, user agent, the form, the text shown; empty when the request is over",
    )


requests = core(ConsentRequest)
