"""The text of a new issue's file: it loads as it stands, and its comments say how to go on."""

import textwrap
from collections.abc import Mapping
from datetime import date

from mailer.errors import MailerError
from mailer.issues.attributes import Address, AttributeType, Choice, Range
from mailer.issues.frontmatter import LONGEST, SHORTEST
from mailer.issues.kinds import PARTS, Kind
from mailer.issues.model import Newsletter
from mailer.issues.words import ALWAYS

_SAMPLES: Mapping[str, str] = {
    "headline": "# Headline",
    "standfirst": "> One sentence that says what the story is about.",
    "text": "The first paragraph.",
    "quote": "> A sentence worth reading twice.",
    "figures": "| Measure | Value |\n| ------- | ----: |\n| Readers |     1 |",
    "items": "1. **[Title](https://example.org)**\n\n   A few words about it.",
    "image": "![What the picture shows](https://example.org/picture.png)",
    "button": "[Read on](https://example.org)",
}


def draft(number: int, newsletter: Newsletter, kinds: Mapping[str, Kind], today: date) -> str:
    """The whole file. Raises MailerError when the theme has no kind of section."""
    if not kinds:
        raise MailerError(
            f"the theme '{newsletter.theme}' declares no kind of section",
            hint="a partial is one when it begins with a comment such as {# about: … parts: [text] #}",
        )
    kind = kinds.get("prose") or next(iter(kinds.values()))
    parts = [_SAMPLES[part] for part in PARTS if part in kind.needs | (kind.parts & {"headline"})]
    section = "\n\n".join([*parts, *([] if parts else [_SAMPLES["text"]])])
    return f"""\
---
number: {number}
date: {today.isoformat()}
# dateline: {{date: {today.isoformat()}, place: "A town", weather: {{celsius: 12, sky: Sunny}}}}
subject: "Issue {number}"
preheader: "What the inbox shows after the subject: {SHORTEST} to {LONGEST} characters."
#
# After the second line of --- come the sections, in the order in which they are read. Each is Markdown between
# `::: kind` and `:::`. This theme has these kinds:
#
{_comment(kinds)}
# Every kind takes only="tag:beta": the section is for those whom the segment selects.
# Personal words have a fallback, {{{{ first_name | reader }}}}. There is {", ".join((*ALWAYS, *newsletter.fields))}.
---

::: {kind.name}
{section}
:::
"""


def _comment(kinds: Mapping[str, Kind]) -> str:
    lines: list[str] = []
    for name, kind in kinds.items():
        attributes = " ".join(f"{key}={_shown(value)}" for key, value in kind.attributes.items())
        lines.append(f"#   ::: {name}" + (f" {{{attributes}}}" if attributes else ""))
        takes = ", ".join(
            PARTS[part].noun + ("" if part in kind.needs else "?") for part in PARTS if part in kind.parts
        )
        lines += textwrap.wrap(f"{kind.about} ({takes})", 110, initial_indent="#       ", subsequent_indent="#       ")
    return "\n".join(lines)


def _shown(attribute: AttributeType) -> str:
    match attribute:
        case Range(lowest, highest):
            return f"{lowest}..{highest}"
        case Choice(words):
            return "|".join(words)
        case Address():
            return '"https://…"'
        case _:
            return '"…"'
