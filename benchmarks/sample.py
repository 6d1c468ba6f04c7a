"""The sample newsletter of this repository, as the benchmarks use it."""

from pathlib import Path
from typing import Literal

from measuring import ROOT
from pydantic import SecretStr

from mailer.settings import Settings
from mailer.wiring import Workspace

NUMBER = 54
KEY = "a-key-for-benchmarks-that-signs-nothing-real"


def workspace(folder: Path = ROOT, transport: Literal["outbox", "ses"] = "outbox", database_url: str = "") -> Workspace:
    """A workspace with issue 54; its outbox lies in `folder`, and so does its database, if no other is named."""
    settings = Settings(
        database_url=database_url or f"sqlite:///{folder / 'mailer.db'}",
        transport=transport,
        outbox=folder / "outbox",
        secret_keys=SecretStr(KEY),
    )
    return Workspace(ROOT, settings)
