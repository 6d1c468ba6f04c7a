"""The one typed reading of the environment and `.env`; `.env.example` mirrors it, and a test compares them."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mailer.errors import SettingsError

_SHORTEST_KEY = 16
"""In bytes: 128 bits, if they were random."""


class Settings(BaseSettings):
    """What the environment says. Names are a contract (DESIGN §6): `MAILER_` and the field in capitals.

    A name without a value (`MAILER_OUTBOX=`) says nothing: the letters would else fall into the workspace itself.
    """

    model_config = SettingsConfigDict(env_prefix="MAILER_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = "sqlite:///mailer.db"
    transport: Literal["outbox", "ses"] = "outbox"
    outbox: Path = Path("outbox")
    base_url: str = "http://localhost:8000"
    secret_keys: SecretStr = Field(default=SecretStr(""), description="signs links; comma-separated, newest first")
    ses_mode: Literal["auto", "raw", "bulk"] = "auto"
    ses_configuration_set: str = ""
    ses_topic_arns: str = Field(default="", description="SNS topics that the webhook believes; comma-separated")
    events_queue_url: str = ""
    events_keep_days: int = Field(default=30, ge=1)
    soft_bounces: int = Field(default=5, ge=1)
    soft_bounces_days: int = Field(default=14, ge=0)
    guard_bounces: float = Field(default=0.05, gt=0, le=1)
    guard_bounces_after: int = Field(default=200, ge=1)
    guard_complaints: float = Field(default=0.001, gt=0, le=1)
    guard_complaints_after: int = Field(default=2000, ge=1)
    guard_complaints_least: int = Field(default=3, ge=1)
    trusted_proxies: str = Field(
        default="", description="addresses or networks whose forwarded headers are believed; comma-separated"
    )

    @field_validator("base_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (or http:// on your own machine)")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses_or_networks(cls, value: str) -> str:
        for part in filter(None, (each.strip() for each in value.split(","))):
            try:
                ip_network(part)
            except ValueError as error:
                raise ValueError(f"{part!r} is no address and no network such as 10.0.0.0/8") from error
        return value

    def keys(self) -> tuple[bytes, ...]:
        """The keys that sign links, newest first.

        Raises SettingsError when there is none: a link signed with a made-up key would die with the process.
        """
        keys = tuple(key.strip().encode() for key in self.secret_keys.get_secret_value().split(",") if key.strip())
        if not keys:
            raise SettingsError(
                "MAILER_SECRET_KEYS is not set: without a key no link can be signed, and no erased address recognised",
                hint="`mailer init DIR` writes a .env with a fresh key; or put one there: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        if any(len(key) < _SHORTEST_KEY for key in keys):
            raise SettingsError(
                f"a key in MAILER_SECRET_KEYS is shorter than {_SHORTEST_KEY} characters",
                hint='make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        return keys


def load_dotenv(path: Path = Path(".env")) -> None:
    """Put `.env` into the environment, once, before anything looks; the real environment wins.

    boto3 reads AWS's variables from the environment itself, so a private reading of `.env` would not reach it.
    """
    from dotenv import dotenv_values  # noqa: PLC0415  # lazy: `mailer --help` must not pay for it

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: cannot be read: {error}", hint="it must be a UTF-8 text file of NAME=value lines"
        ) from error
    for name, value in values.items():
        if value is not None:
            os.environ.setdefault(name, value)


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError naming each variable that does not fit."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"MAILER_{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise SettingsError(
            "\n".join(lines), hint="mend it in the environment or in .env; .env.example lists them all"
        ) from error
