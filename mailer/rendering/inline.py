"""CSS from one sheet into `style` attributes: premailer behind one function, so that it can be exchanged."""

import logging
import re
from collections import Counter
from functools import lru_cache
from typing import Any, cast

# premailer has no types; this module is all that sees it.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportPrivateUsage=false
from premailer import Premailer

from mailer.errors import RenderError

# Comments are matched to be left alone: the styles in Outlook's are not ours to touch. A sheet with `media="screen and
# (…)"` premailer leaves alone by itself, and then does not take the mark off.
_STYLE = re.compile(r"<!--.*?-->|<style\b(?P<attributes>(?![^>]*\bmedia=)[^>]*)>(?!\s*/\*inline\*/)", re.DOTALL)
_COUNTED = ("<!--[if", "<![endif]-->", "@media", "!important", "<style", "<table", "<a ", "<img", "data-premailer")

_OPTIONS: dict[str, Any] = {
    "allow_network": False,
    "allow_loading_external_files": False,
    "keep_style_tags": False,  # the inlined sheet goes, the ignored ones stay
    "strip_important": False,  # True, the default, takes dark mode and the phone away
    "disable_validation": True,  # cssutils knows neither mso- nor color-scheme
    "remove_classes": False,  # the kept sheets name them
    "disable_link_rewrites": True,
    "align_floating_images": False,
    "remove_unset_properties": False,
    # MJML writes the right ones; premailer's own would overrule them (`<table align="center">`).
    "disable_basic_attributes": ["align", "valign", "bgcolor", "width", "height"],
    "cache_css_parsing": True,
    "cssutils_logging_level": logging.CRITICAL,
}


class _Inliner(Premailer):
    """Reads a sheet once in a process: premailer's own cache keeps the parsed sheet, but writes it out again each time."""

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        return _read_rules(css_body, ruleset_index)


@lru_cache(maxsize=16)
def _read_rules(css: str, index: int) -> tuple[list[Any], list[Any]]:
    rules = Premailer("", **_OPTIONS)._parse_style_rules(css, index)  # noqa: SLF001  # the method that _Inliner keeps
    return cast("tuple[list[Any], list[Any]]", rules)


def inline_css(html: str) -> str:
    """The same page with the rules of its `/*inline*/` sheet in `style` attributes; every other sheet byte for byte.

    Raises RenderError when anything that the page needs got lost on the way.
    """
    guarded = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)  # lxml knows no other spelling: quirks mode
    guarded = _STYLE.sub(_ignored, guarded)
    # White space between inline-blocks, which pretty_print adds, would break the columns.
    inlined = cast("str", _Inliner(guarded, **_OPTIONS).transform(pretty_print=False))
    _verify(html, inlined)
    return inlined


def _ignored(match: re.Match[str]) -> str:
    if match["attributes"] is None:
        return match[0]
    return f'<style{match["attributes"]} data-premailer="ignore">'


def _verify(before: str, after: str) -> None:
    counts = Counter({mark: before.count(mark) for mark in _COUNTED})
    # The one sheet that is inlined is gone.
    counts["<style"] -= len(re.findall(r"<style\b[^>]*>\s*/\*inline\*/", before))
    lost = [mark for mark, count in counts.items() if after.count(mark) != count]
    if not after.startswith("<!DOCTYPE html>"):
        lost.append("the doctype")
    if lost:
        raise RenderError(
            f"inlining the CSS changed what it must keep: {', '.join(lost)}",
            hint="Let the theme's /*inline*/ sheet hold plain rules alone: no @-rules and no !important.",
        )
