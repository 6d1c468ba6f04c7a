"""The one row that paces all senders of an account."""

from typing import Any, ClassVar

from sqlalchemy import Column, Float
from sqlmodel import Field, SQLModel

from subscribers.columns import core


class Pace(SQLModel, table=True):
    """One row for each thing that has a rate; all senders take their departures from it."""

    __tablename__: ClassVar[Any] = "pace"

    name: str = Field(primary_key=True)
    next: float = Field(
        sa_column=Column(Float, nullable=False), description="the next departure, in seconds of the shared clock"
    )
    slowed: float = Field(
        sa_column=Column(Float, nullable=False, default=1.0),
        description="the share of the rate that the last halving left",
    )
    slowed_at: float = Field(
        sa_column=Column(Float, nullable=False, default=0.0),
        description="when that was, in seconds of the shared clock",
    )


paces = core(Pace)
