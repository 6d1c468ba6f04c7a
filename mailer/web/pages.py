"""Pages as a reader sees them: the newsletter's palette and language, words that stand in files, no script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml
from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from mailer.errors import RenderError
from mailer.issues.model import Newsletter

FOLDER = "pages"
"""Within a theme's folder: its own pages, styles and words stand before the shared ones."""

LANGUAGE = "en"
"""Whose words are complete: what another language does not say is said in this one."""

_HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Look:
    """How the pages of one newsletter look and speak; made by `Looks`, which knows what to do when a file is broken."""

    slug: str
    title: str
    newsletter: Newsletter | None = field(hash=False)
    """None: no such newsletter is here (any more), or its newsletter.yaml cannot be read."""
    language: str
    """The tag of the newsletter's own words."""
    folders: tuple[Path, ...]
    light: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    dark: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)

    @property
    def spoken(self) -> str:
        """The language of the page's words: the newsletter's, or `LANGUAGE` where there are none in it."""
        return self.language if _languages(self.folders, self.language) else LANGUAGE


class Words:
    """The words of all pages in one language, by `group.key`."""

    def __init__(self, folders: Sequence[Path], language: str) -> None:
        self._said: dict[str, str] = {}
        for each in (LANGUAGE, *_languages(folders, language)):
            for folder in reversed(folders):
                for path in sorted((folder / FOLDER / "words" / each).glob("*.yaml")):
                    self._said.update({f"{path.stem}.{key}": word for key, word in _read_words(path).items()})

    def say(self, key: str, **values: object) -> Markup:
        """The words of `group.key` as HTML, with `{name}` filled by escaped values. Raises RenderError."""
        try:
            return escape(self._said[key]).format(**values)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise RenderError(
                f"the pages have no words for {key!r}, or cannot fill them: {error}",
                hint="Look in the theme's folder pages/words.",
            ) from error


def _languages(folders: Sequence[Path], language: str) -> tuple[str, ...]:
    """Those of `de`, `de-AT` that somebody wrote words in; the nearer one last, so that it wins."""
    tag = language.replace("_", "-")
    candidates = dict.fromkeys((tag.partition("-")[0], tag))
    return tuple(each for each in candidates if any((one / FOLDER / "words" / each).is_dir() for one in folders))


def _read_words(path: Path) -> dict[str, str]:
    try:
        value: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RenderError(f"{path}: cannot be read: {error}", hint="It maps names to words, in UTF-8.") from error
    if not isinstance(value, dict):
        raise RenderError(f"{path}: this is no mapping of names to words", hint="Write `name: words` on each line.")
    return {str(key): str(word) for key, word in cast("dict[Any, Any]", value).items()}


def draw(look: Look, template: str, values: Mapping[str, object]) -> str:
    """The text of `pages/<template>`. A template sees `look`, `say`, `direction`, `style` and what is handed in."""
    words = _words(look.folders, look.language)
    given = {
        "look": look,
        "say": words.say,
        "direction": Locale.parse(look.spoken, sep="-").text_direction,
        "style": _style(look)[0],
        **values,
    }
    return _environment(look.folders).get_template(template).render(given)


def answer(look: Look, template: str, values: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """A page that holds one sheet of style, and may do nothing but show it and post its own forms."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style(look)[1]}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {**_HEADERS, "Content-Security-Policy": policy, "Content-Language": look.spoken}
    return HTMLResponse(draw(look, template, values), status, headers)


@lru_cache(maxsize=64)
def _words(folders: tuple[Path, ...], language: str) -> Words:
    return Words(folders, language)


@lru_cache(maxsize=16)
def _environment(folders: tuple[Path, ...]) -> Environment:
    return Environment(
        loader=FileSystemLoader([folder / FOLDER for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style(look: Look) -> tuple[Markup, str]:
    """The sheet, and its hash by which the page's policy knows it."""
    return _drawn_style(look.folders, tuple(sorted(look.light.items())), tuple(sorted(look.dark.items())))


@lru_cache(maxsize=64)
def _drawn_style(
    folders: tuple[Path, ...], light: tuple[tuple[str, str], ...], dark: tuple[tuple[str, str], ...]
) -> tuple[Markup, str]:
    template = _environment(folders).get_template("_style.css.j2")
    sheet = template.render(given_light=dict(light), given_dark=dict(dark)).strip()
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return Markup(sheet), digest  # noqa: S704  # what Jinja drew with autoescape on: no `</style>` can be in it
