"""Inlining: what premailer's defaults would break, each guarded."""

import re

import pytest
from mjml import mjml2html

from mailer.errors import RenderError
from mailer.rendering.inline import inline_css

MJML = """<mjml>
<mj-head>
<mj-style>/*inline*/ .para{color:#123456;text-align:center} .box{background-color:#fedcba;width:50%}</mj-style>
<mj-style>:root{color-scheme:light dark} .para::first-letter{float:left} #outlook a{padding:1px}</mj-style>
<mj-style>@media (prefers-color-scheme:dark){.para{color:#fff!important}}</mj-style>
<mj-style>[data-ogsc] .para{color:#eee!important}</mj-style>
</mj-head>
<mj-body>
<mj-section><mj-column><mj-text><p class="para">Grüße&nbsp;<a href="https://example.org/a?b=1&amp;c=@@0054abcd_1@@">da</a></p>
<table class="box"><tr><td>x</td></tr></table></mj-text></mj-column><mj-column><mj-text>y</mj-text></mj-column></mj-section>
</mj-body>
</mjml>"""

PAGE = mjml2html(MJML, disable_comments=True, fonts={})


@pytest.fixture(scope="module")
def inlined() -> str:
    return inline_css(PAGE)


def test_the_marked_sheet_moves_into_the_tags_and_is_gone(inlined: str) -> None:
    assert '<p class="para" style="color:#123456; text-align:center">' in inlined
    assert "/*inline*/" not in inlined


def test_the_doctype_stays_so_that_browsers_keep_to_the_standard(inlined: str) -> None:
    assert PAGE.startswith("<!doctype html>")
    assert inlined.startswith("<!DOCTYPE html>\n<html")


def test_every_other_sheet_stays_byte_for_byte(inlined: str) -> None:
    sheets = re.findall(r"<style[^>]*>.*?</style>", PAGE, re.DOTALL)
    kept = [sheet for sheet in sheets if "/*inline*/" not in sheet]
    assert len(kept) == len(sheets) - 1 == 7
    assert re.findall(r"<style[^>]*>.*?</style>", inlined, re.DOTALL) == kept


def test_important_stays_important_or_dark_mode_loses_to_the_tags(inlined: str) -> None:
    assert inlined.count("!important") == PAGE.count("!important") == 5


def test_the_rules_of_mjml_are_not_repeated_in_every_cell(inlined: str) -> None:
    assert "border-collapse" not in re.sub(r"<style.*?</style>", "", inlined, flags=re.DOTALL).replace(
        "border-collapse:separate", ""
    )


def test_no_attributes_are_made_of_css(inlined: str) -> None:
    assert '<table class="box" style="background-color:#fedcba; width:50%">' in inlined


def test_every_word_to_outlook_stays(inlined: str) -> None:
    comments = re.findall(r"<!--.*?-->", PAGE, re.DOTALL)
    assert len(comments) > 8
    assert re.findall(r"<!--.*?-->", inlined, re.DOTALL) == comments


def test_letters_and_addresses_stay_as_they_are(inlined: str) -> None:
    assert 'Grüße\u00a0<a href="https://example.org/a?b=1&amp;c=@@0054abcd_1@@">da</a>' in inlined


def test_nothing_is_fetched_from_the_network_or_from_the_disk() -> None:
    # With either allowed, premailer would read the file, or open a socket, which tests forbid.
    head = '<link rel="stylesheet" href="http://127.0.0.1:9/a.css"><link rel="stylesheet" href="/etc/hostname">'
    page = PAGE.replace("</head>", f"{head}</head>")
    assert head in inline_css(page)


def test_an_at_rule_in_the_marked_sheet_is_an_error() -> None:
    page = PAGE.replace("/*inline*/", "/*inline*/ @media print{.para{color:red}}")
    with pytest.raises(RenderError, match="inlining the CSS changed what it must keep: !important, <style") as caught:
        inline_css(page)
    assert "/*inline*/" in caught.value.hint


def test_what_an_author_writes_about_sheets_is_only_words() -> None:
    page = PAGE.replace("Grüße", "data-premailer !important @media /*inline*/ &lt;style&gt;")
    assert "data-premailer !important @media /*inline*/ &lt;style&gt;" in inline_css(page)


def test_a_page_inlines_the_same_every_time() -> None:
    assert inline_css(PAGE) == inline_css(PAGE)
