"""How far the account's suppression list was read."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from subscribers.columns import UtcDateTime, core


class SuppressionPull(SQLModel, table=True):
    """A pull that has not come to the list's end; one in each region of Amazon's."""

    __tablename__: ClassVar[Any] = "suppression_pull"

    region: str = Field(primary_key=True)
    token: str = Field(sa_column=Column(Text, nullable=False), description="Amazon's name for the next page")
    at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False), description="when the page before was kept")


suppression_pulls = core(SuppressionPull)
