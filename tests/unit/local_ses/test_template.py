"""Amazon's simple substitution, and what it does to braces and backslashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.refusals import Refusal
from mailer.local_ses.template import MissingValue, fill, parse


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("Hello {{name}}!", "Hello A&B!"),
        ("{{ name }}{{{name}}}", "A&BA&B"),
        ("a { b } c }} d", "a { b } c }} d"),
        ("{{number}} {{yes}}", "7 true"),
        (r"\{{name}} {{name}}", "{{name}} A&B"),
        (r"\\{{name}}", r"\A&B"),
        (r"a\b", r"a\b"),
        ("{{open}}x", "{{x}}x"),
    ],
)
def test_a_value_stands_where_its_name_stood_and_nothing_is_escaped(source: str, filled: str) -> None:
    assert fill(parse(source), {"name": "A&B", "number": 7, "yes": True, "open": "{{x}}"}) == filled


@pytest.mark.parametrize(
    "source",
    [
        "{{#if a}}b{{/if}}",
        "{{a.b}}",
        "{{> a}}",
        "{{! a}}",
        "{{a",
        "{{}}",
        "{{{a}}",
        "{{a}}}",
        "{{{{a}}}}",
        "{{this}}",
        "{{1}}",
    ],
)
def test_anything_but_simple_substitution_is_refused(source: str) -> None:
    with pytest.raises(Refusal, match="only simple substitution"):
        parse(source)


@pytest.mark.parametrize("values", [{}, {"name": None}, {"name": ["a"]}, {"name": {"a": "b"}}])
def test_a_value_that_is_missing_is_said_by_its_name(values: dict[str, object]) -> None:
    with pytest.raises(MissingValue, match="Attribute 'name' is not present"):
        fill(parse("{{name}}"), values)


@given(st.text(), st.text(alphabet=st.characters(exclude_characters="{}\\")), st.text())
def test_any_value_arrives_as_it_is_between_text_without_braces(value: str, text: str, more: str) -> None:
    assert fill(parse(f"{text}{{{{a}}}}{text}{{{{b}}}}"), {"a": value, "b": more}) == f"{text}{value}{text}{more}"
