"""The house rules that a machine can hold: short files, every module says what it is for, nothing heavy at the door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("mailer", "subscribers", "tests", "benchmarks", "docs")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
LONGEST = 400

HEAVY = (
    "alembic",
    "babel",
    "boto3",
    "botocore",
    "email_validator",
    "jinja2",
    "lark",
    "lxml",
    "markdown_it",
    "mjml",
    "premailer",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlmodel",
    "yaml",
)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imported(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after a statement."""
    program = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_house_is_here() -> None:
    names = {_name(path) for path in FILES}
    assert {"mailer/__main__.py", "subscribers/book.py", "tests/e2e/test_house.py", "docs/generate_cli.py"} <= names


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert docstring.partition("\n")[0].endswith((".", ":")), "it opens with a sentence"


@pytest.mark.parametrize("module", ["mailer.__main__", "mailer.cli.app"])
def test_the_command_line_imports_nothing_heavy_before_a_command_runs(module: str) -> None:
    assert _imported(f"import {module}") & set(HEAVY) == set()


@pytest.mark.parametrize(("words", "by_typer"), [(["--help"], set[str]()), (["send", "--help"], {"pydantic"})])
def test_help_imports_nothing_heavy_but_what_typer_itself_does(words: list[str], by_typer: set[str]) -> None:
    imported = _imported(f"from mailer.__main__ import run; assert run({words}) == 0; print()")
    assert imported & set(HEAVY) == by_typer


def test_what_is_called_heavy_can_be_imported() -> None:
    # A misspelt name would never be found among the imported ones.
    assert _imported(f"import {', '.join(HEAVY)}") >= set(HEAVY)
