"""The options: what the documentation says of them, and what does not fit."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from mailer.local_ses.options import Options, as_json, changed
from mailer.local_ses.refusals import Refusal

PAGE = Path(__file__).parents[3] / "docs" / "local-ses.md"


def test_every_option_is_documented_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Option |")[2]
    named = {
        name for cell in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    assert named == {field.name for field in dataclasses.fields(Options)}


def test_options_survive_their_own_json() -> None:
    options = Options(rate=7, verified=("example.org",), expire_after=3, configuration_sets={"a": ("SEND",)})
    assert changed(Options(), as_json(options)) == options


@pytest.mark.parametrize(
    "changes", [{"bounce_share": 1.1}, {"bounce_share": -1}, {"expire_after": -1}, {"control_rate": -1}, {"other": 1}]
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        changed(Options(), changes)
