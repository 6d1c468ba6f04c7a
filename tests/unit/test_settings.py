"""The settings: their names and defaults, what they refuse, and that .env.example tells the truth about them."""

import os
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from mailer.errors import SettingsError
from mailer.settings import Settings, load_dotenv, load_settings

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-at-least-sixteen-bytes"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest calls it
    for name in [name for name in os.environ if name.startswith("MAILER_")]:
        monkeypatch.delenv(name)


def _shown(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_the_example_names_every_setting_with_its_default() -> None:
    example = dotenv_values(ROOT / ".env.example", interpolate=False)
    defaults = {f"MAILER_{name.upper()}": _shown(field.default) for name, field in Settings.model_fields.items()}
    assert example == defaults


def test_the_settings_page_names_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(MAILER_\w+)` \| (?:`([^`]*)`)? ?\|", page, re.MULTILINE))
    assert rows == {f"MAILER_{name.upper()}": _shown(field.default) for name, field in Settings.model_fields.items()}


def test_without_anything_said_the_defaults_hold() -> None:
    assert load_settings().model_dump() == {
        "database_url": "sqlite:///mailer.db",
        "transport": "outbox",
        "outbox": Path("outbox"),
        "base_url": "http://localhost:8000",
        "secret_keys": SecretStr(""),
        "ses_mode": "auto",
        "ses_configuration_set": "",
        "ses_topic_arns": "",
        "events_queue_url": "",
        "events_keep_days": 30,
        "soft_bounces": 5,
        "soft_bounces_days": 14,
        "guard_bounces": 0.05,
        "guard_bounces_after": 200,
        "guard_complaints": 0.001,
        "guard_complaints_after": 2000,
        "guard_complaints_least": 3,
        "trusted_proxies": "",
    }


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_BASE_URL", "https://news.example.org/letters/")
    monkeypatch.setenv("MAILER_OUTBOX", "elsewhere/letters")
    settings = load_settings()
    assert (settings.base_url, settings.outbox) == ("https://news.example.org/letters", Path("elsewhere/letters"))


def test_every_setting_that_does_not_fit_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_TRANSPORT", "pigeon")
    monkeypatch.setenv("MAILER_BASE_URL", "ftp://example.org")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    names = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert names == ["MAILER_TRANSPORT", "MAILER_BASE_URL"]
    assert ".env.example" in caught.value.hint


def test_a_setting_cannot_be_changed_while_the_program_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings(), "base_url", "http://localhost:9000")  # noqa: B010  # an assignment is a type error


def test_keys_are_read_newest_first_and_white_space_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_SECRET_KEYS", f" {KEY}-new , {KEY}-old,")
    assert load_settings().keys() == (f"{KEY}-new".encode(), f"{KEY}-old".encode())


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_SECRET_KEYS", KEY)
    assert KEY not in repr(load_settings())


@pytest.mark.parametrize("keys", ["", "  ", ","])
def test_without_a_key_no_link_can_be_signed_and_the_error_says_how_to_get_one(
    keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILER_SECRET_KEYS", keys)
    with pytest.raises(SettingsError, match="MAILER_SECRET_KEYS is not set") as caught:
        load_settings().keys()
    assert "mailer init" in caught.value.hint


def test_a_short_key_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_SECRET_KEYS", f"{KEY},hunter2")
    with pytest.raises(SettingsError, match="shorter than 16") as caught:
        load_settings().keys()
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


def test_dotenv_goes_into_the_environment_where_other_libraries_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "before")
    monkeypatch.delenv("AWS_PROFILE")
    (tmp_path / ".env").write_text("AWS_PROFILE=newsletter\n", encoding="utf-8")
    load_dotenv(tmp_path / ".env")
    assert os.environ["AWS_PROFILE"] == "newsletter"


def test_the_real_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_OUTBOX", "real")
    (tmp_path / ".env").write_text("MAILER_OUTBOX=file\n", encoding="utf-8")
    load_dotenv(tmp_path / ".env")
    assert load_settings().outbox == Path("real")


def test_a_dollar_in_dotenv_is_a_dollar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_SECRET_KEYS", "")
    monkeypatch.delenv("MAILER_SECRET_KEYS")
    (tmp_path / ".env").write_text("MAILER_SECRET_KEYS=pa$HOME-${HOME}-long-enough\n", encoding="utf-8")
    load_dotenv(tmp_path / ".env")
    assert load_settings().keys() == (b"pa$HOME-${HOME}-long-enough",)


def test_without_a_dotenv_nothing_happens(tmp_path: Path) -> None:
    before = dict(os.environ)
    load_dotenv(tmp_path / ".env")
    assert dict(os.environ) == before


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"MAILER_OUTBOX=\xff\xfe\n")
    with pytest.raises(SettingsError, match=re.escape(f"{path}: cannot be read")):
        load_dotenv(path)
