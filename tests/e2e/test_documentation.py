"""Prose is part of the program: the docs say what the code does, and lead somewhere."""

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mailer.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])

# Words of the glossary's *Not* column that the code uses for something else: where, and for what.
ALLOWED = {
    "backend": ("mailer/database/", "SQLAlchemy's word for the kind of a database"),
    "body": ("mailer/", "what stands inside: MIME's and MJML's own word"),
    "failed": ("mailer/transport/outbox.py", "the place of the file that could not be written"),
    "list": ("", "the builtin, the command `… list`, and the RFCs' List-Id and List-Unsubscribe"),
    "log": ("mailer/web/serving.py", "what uvicorn calls its own, which is switched off"),
    "message": ("", "MIME's own word, as in Message-ID; what an error says; what is signed"),
    "payload": ("mailer/message/", "Python's parser calls a part's content so"),
    "queue": ("mailer/", "SQS's own word for what holds the events"),
    "recipient": ("mailer/", "SMTP's word for whom an envelope goes to"),
    "worker": ("mailer/cli/worker.py", "the command `mailer worker`"),
    "sent": ("mailer/transport/", "NotSent: that much is certain"),
}

# Amazon's side of the wire: it speaks Amazon's words, and those of HTTP's base classes.
_AMAZONS = "mailer/local_ses/"


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _identifiers(path: Path) -> Iterator[str]:
    """Every name that a file binds: modules, classes, functions, parameters, variables, attributes."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


def _words(identifier: str) -> set[str]:
    """`CamelCase` and `snake_case` as words, each also without a plural's s; Python's own `__names__` have none."""
    if identifier.startswith("__"):
        return set()
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}
    return words | {word.removesuffix("s") for word in words}


def _not_words() -> dict[str, str]:
    """Each single word of a *Not* column -> the word that is used instead."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|.*\| (.*?) ?\|$", glossary, re.MULTILINE)
    return {word: instead for instead, cell in rows for word in cell.split(", ") if word and " " not in word}


def _uses() -> dict[str, set[str]]:
    """Each word that is not ours -> the files that have it in a name."""
    not_words = _not_words().keys()
    uses: dict[str, set[str]] = {}
    for folder in ("mailer", "subscribers"):
        for path in (ROOT / folder).rglob("*.py"):
            if _name(path).startswith(_AMAZONS):
                continue
            for identifier in _identifiers(path):
                for word in _words(identifier) & not_words:
                    uses.setdefault(word, set()).add(_name(path))
    return uses


def test_one_thing_has_one_word_in_the_code_too() -> None:
    strangers = {
        f"{file}: {word} (the glossary says {_not_words()[word]})"
        for word, files in _uses().items()
        for file in files
        if word not in ALLOWED or not file.startswith(ALLOWED[word][0])
    }
    assert strangers == set()


def test_the_glossary_forbids_the_words_that_everybody_else_uses() -> None:
    assert {"campaign", "blast", "job", "worker", "lease", "webhook", "blacklist", "provider"} <= _not_words().keys()


def test_no_word_is_allowed_for_nothing() -> None:
    assert ALLOWED.keys() <= _uses().keys()


# --- commands -------------------------------------------------------------------------------------------------------


def _commands(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    inner: dict[str, Any] = getattr(command, "commands", {})
    for word, each in inner.items():
        yield from _commands((*words, word), each)


COMMANDS = dict(_commands((), typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_option_has_help(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    silent = [parameter.name for parameter in command.params if not parameter.help]
    assert (bool(command.help), silent) == (True, [])


def test_the_command_reference_is_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate_cli", ROOT / "docs" / "generate_cli.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.reference(), "run `make docs`"


def _typed(page: Path) -> Iterator[list[str]]:
    """Every `mailer …` that a page tells a person to type, as words."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^ *```(?:console|sh)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ") for block in fenced for line in block.splitlines()]
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    for line in [*lines, *re.findall(r"`(mailer [a-z][^`]*)`", prose)]:
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if words[:1] == ["mailer"]:
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_what_a_page_tells_people_to_type_exists(page: Path) -> None:
    unknown: list[str] = []
    for words in _typed(page):
        names = tuple(word for word in words if re.fullmatch(r"[a-z][a-z-]*", word))
        known = next((names[:length] for length in (2, 1) if names[:length] in COMMANDS), ())
        options = {option for parameter in COMMANDS[known].params for option in parameter.opts} | {"--help"}
        if (words and not known and not words[0].startswith("-")) or not options.issuperset(
            word for word in words if word.startswith("--")
        ):
            unknown.append(" ".join(words))
    assert unknown == []


def test_the_readme_tells_people_to_type_something() -> None:
    assert ["send", "--issue", "1"] in list(_typed(ROOT / "README.md"))


def test_the_readme_names_only_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`?\bmake ([a-z]+)`", page.read_text(encoding="utf-8"))}
    assert {"demo", "test"} <= named <= targets


# --- links ----------------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]*`", "code", text)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    broken: list[str] = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_decision_is_in_the_list_under_its_own_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    written = [
        (*re.findall(r"^# (\d+)\. (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)[0], path.name)
        for path in sorted(folder.glob("0*.md"))
    ]
    assert listed == written
    assert [int(number) for number, _, _ in written] == list(range(1, len(written) + 1))
