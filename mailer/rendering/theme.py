"""Themes: folders of partials with their palettes and words; a workspace's own stand before the shipped ones."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from mailer.errors import NotFound, RenderError
from mailer.issues.kinds import Kind, read_kinds

PAGE = "_page.mjml.j2"
"""The page round the sections: a folder that has it is a theme."""

_SHARED = "_shared"
_PARTS = ("light", "dark", "words")


@dataclass(frozen=True)
class Theme:
    """A theme as it is in force: a file or a colour of a folder hides those of the folders after it."""

    name: str
    folders: tuple[Path, ...]
    """The workspace's folder of this name, the shipped one, then what every theme has; give them to `read_kinds`."""
    kinds: Mapping[str, Kind] = field(hash=False)
    light: Mapping[str, str] = field(hash=False)
    """Role (`paper`, `ink`, …) -> colour."""
    dark: Mapping[str, str] = field(hash=False)
    words: Mapping[str, str] = field(hash=False)


def shipped_templates() -> Path:
    """The templates that come with mailer: inside a wheel, or the checkout's own folder."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_shipped" / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def find_theme(name: str, roots: Sequence[Path]) -> Theme:
    """The theme called `name`, looked for in `roots` in turn; the shipped templates always stand behind them.

    A workspace needs only the files that it changes or adds. Raises NotFound with what was probably meant, RenderError
    for a theme.yaml that does not fit, and what `read_kinds` raises.
    """
    searched = _behind(roots)
    themes = sorted({page.parent.name for root in searched for page in root.glob(f"*/{PAGE}")} - {_SHARED})
    if name not in themes:
        near = difflib.get_close_matches(name, themes, n=1)
        raise NotFound(
            f"no theme {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            hint=f"Themes: {', '.join(themes) or 'none'}. Looked in {', '.join(str(root) for root in searched)}.",
        )
    folders = tuple(root / part for part in (name, _SHARED) for root in searched if (root / part).is_dir())
    settings: dict[str, dict[str, str]] = {part: {} for part in _PARTS}
    for folder in reversed(folders):
        for part, values in _read_settings(folder / "theme.yaml").items():
            settings[part].update(values)
    return Theme(name, folders, read_kinds(folders), **settings)


def _behind(roots: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path.resolve() for path in (*roots, shipped_templates())))


def _read_settings(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(f"{path}: cannot be read: {error}", hint="Save it as UTF-8, readable by you.") from error
    return _parse_settings(path, text)


@lru_cache(maxsize=16)
def _parse_settings(path: Path, text: str) -> dict[str, dict[str, str]]:
    hint = "theme.yaml holds three mappings of words to words: " + ", ".join(_PARTS) + "."
    try:
        value: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise RenderError(f"{path}{place}: this is not YAML: {error.problem}", hint=hint) from error
    except yaml.YAMLError as error:
        raise RenderError(f"{path}: this is not YAML: {error}", hint=hint) from error
    if not isinstance(value, dict):
        raise RenderError(f"{path}: this is not a mapping", hint=hint)
    settings: dict[str, dict[str, str]] = {}
    for part, values in cast("dict[Any, Any]", value).items():
        if part not in _PARTS or not isinstance(values, dict):
            raise RenderError(f"{path}: {part!r} does not belong here, or is not a mapping", hint=hint)
        settings[part] = {str(key): str(word) for key, word in cast("dict[Any, Any]", values).items()}
    return settings
