"""Jinja2 to MJML to HTML: the theme's partials drawn, then mrml, with a guard for everything that mrml does silently."""

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from markupsafe import Markup
from mjml import mjml2html

from mailer.errors import RenderError
from mailer.rendering.edition import LINKS, Place, Slot
from mailer.rendering.frame import Frame
from mailer.rendering.layout import Row
from mailer.rendering.mjml_lint import lint
from mailer.rendering.theme import PAGE, Theme
from mailer.rendering.tokens import Tokens
from mailer.rendering.views import BlockView, view_row

SUFFIX = ".mjml.j2"

_THEME_HINT = "This is a mistake in the theme, not in the issue; see docs/themes.md."


class _Loader(FileSystemLoader):
    """Looks through the theme's folders, and lets no partial pass that mrml would draw wrongly without a word."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            source, filename, unchanged = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            raise RenderError(f"the partial {template} is not UTF-8: {error}", hint=_THEME_HINT) from error
        except PermissionError as error:
            raise RenderError(f"{error.filename} cannot be read: {error.strerror}", hint=_THEME_HINT) from error
        if mistakes := lint(Path(filename), source):
            raise RenderError("\n".join(str(mistake) for mistake in mistakes), hint=_THEME_HINT)
        return source, filename, unchanged


@lru_cache(maxsize=8)
def _environment(theme: Theme) -> Environment:
    environment = Environment(
        loader=_Loader(theme.folders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # Jinja's own types name the functions that it ships, and nothing else.
    cast("dict[str, object]", environment.globals).update(light=theme.light, dark=theme.dark)
    cast("dict[str, object]", environment.filters)["runs"] = _runs
    return environment


def _runs(blocks: Iterable[BlockView]) -> Iterator[list[BlockView]]:
    """Blocks that can share one <mj-text>, together; a quote, a picture or a button by itself."""
    run: list[BlockView] = []
    for block in blocks:
        flows = block.name in ("paragraph", "subheading", "bullets")
        if run and not flows:
            yield run
            run = []
        run.append(block)
        if not flows:
            yield run
            run = []
    if run:
        yield run


def draw_mjml(theme: Theme, frame: Frame, rows: Sequence[Row], tokens: Tokens) -> str:
    """The MJML of an issue: each row by the partial of its kind, then the page round them.

    Raises RenderError with the template's file and line for whatever is wrong in a theme.
    """
    links = {name.removesuffix("_url"): tokens.slot(Slot(name, Place.ATTRIBUTE)) for name in LINKS}
    given: dict[str, object] = {"frame": frame, "links": links}
    drawn = (_draw_row(theme, row, tokens, given) for row in rows)
    return draw_page(theme, PAGE, given | {"sections": Markup("\n").join(drawn)})


def draw_page(theme: Theme, name: str, given: dict[str, object]) -> str:
    """The MJML of one whole page of the theme, such as a notice. Raises RenderError as `draw_mjml` does."""
    return _normalise_head(_draw(theme, name, given))


def _draw_row(theme: Theme, row: Row, tokens: Tokens, given: dict[str, object]) -> Markup:
    view = view_row(row, tokens)
    drawn = _draw(
        theme,
        f"{row.kind}{SUFFIX}",
        given
        | {
            "section": view.sections[0],
            "sections": view.sections,
            "aside": view.aside,
            "label": view.label,
            "rule": view.rule,
        },
    )
    if row.only:
        opening, closing = tokens.only(row.only)
        drawn = f"<mj-raw>{opening}</mj-raw>\n{drawn}\n<mj-raw>{closing}</mj-raw>"
    return Markup(drawn)  # noqa: S704  # what Jinja drew with autoescape on


def _draw(theme: Theme, name: str, given: dict[str, object]) -> str:
    try:
        return _environment(theme).get_template(name).render(given)
    except TemplateNotFound as error:
        raise RenderError(
            f"{_raised_at(error)}the theme {theme.name!r} has no partial {error.name}",
            hint=f"Looked in {', '.join(str(folder) for folder in theme.folders)}. {_THEME_HINT}",
        ) from error
    except TemplateSyntaxError as error:
        raise RenderError(f"{error.filename}:{error.lineno}: {error.message}", hint=_THEME_HINT) from error
    except (
        TemplateError,
        TypeError,
        ValueError,
        AttributeError,
        LookupError,
        ArithmeticError,
        RecursionError,
    ) as error:
        # UndefinedError, and whatever an expression in a template can do wrong.
        what = error.message if isinstance(error, UndefinedError) else str(error)
        raise RenderError(f"{_raised_at(error)}{what}", hint=_THEME_HINT) from error


def _raised_at(error: BaseException) -> str:
    """`file:line: ` of the innermost template in the traceback, which Jinja rewrites to the templates' own lines."""
    frames = traceback.extract_tb(error.__traceback__)
    return next(
        (f"{frame.filename}:{frame.lineno}: " for frame in reversed(frames) if frame.filename.endswith(".j2")), ""
    )


def _normalise_head(mjml: str) -> str:
    # mrml refuses white space in <mj-head> that does not begin with a line break, which is what trim_blocks leaves.
    head, end, body = mjml.partition("</mj-head>")
    return re.sub(r"(?<=>)[ \t]+(?=[<\n])", "", head + end) + body


class Spoken(Protocol):
    """Something in a language."""

    @property
    def language(self) -> str: ...  # noqa: D102  # as in Frame
    @property
    def direction(self) -> str: ...  # noqa: D102  # as in Frame


def to_html(mjml: str, frame: Spoken) -> str:
    """The HTML of rendered MJML, not yet inlined. Raises RenderError with the line of the MJML that mrml refused."""
    try:
        # Without `fonts`, MJML's own default font makes every reader's program ask fonts.googleapis.com.
        html = mjml2html(mjml, disable_comments=True, fonts={})
    except ValueError as error:
        raise RenderError(
            f"the MJML is not well formed: {_located(str(error), mjml)}",
            hint="`mailer render` cannot write this MJML; mend the theme's partial that drew the line.",
        ) from error
    if leftover := sorted(set(re.findall(r"</?(mj-[a-z-]*)", html))):
        raise RenderError(
            f"MJML was left in the HTML: {', '.join(leftover)}",
            hint="mrml draws these nowhere, or not where they stand (such as <mj-text> outside a column). "
            + _THEME_HINT,
        )
    return _mark_preview(html, frame)


def _located(message: str, mjml: str) -> str:
    """Mrml's message with the line that its byte span begins in, and a caret under the place."""
    span = re.search(r" (?:at|in) position (\d+):(\d+)", message)
    if not span:
        return message
    before = mjml.encode()[: int(span[1])].decode(errors="ignore")
    number = before.count("\n") + 1
    line = mjml.splitlines()[number - 1] if mjml.splitlines()[number - 1 :] else ""
    column = len(before) - before.rfind("\n") - 1
    start = max(0, column - 60)
    return (
        f"{message[: span.start()]} (line {number} of the MJML)\n"
        f"  {line[start : start + 120]}\n"
        f"  {' ' * (column - start)}^"
    )


def _mark_preview(html: str, frame: Spoken) -> str:
    # Webmail strips <html> and <body>, so each child of body must say its language; mrml's preview does not.
    mark = f'<div lang="{Markup.escape(frame.language)}" dir="{frame.direction}" style="display:none;'
    return re.sub(r'(<body[^>]*>)<div style="display:none;', lambda body: body[1] + mark, html, count=1)
