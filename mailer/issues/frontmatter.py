"""The front matter of an issue: what is known about it before its first section."""

import re
from dataclasses import dataclass
from datetime import date

from mailer.issues.keyed import Entries
from mailer.issues.model import Dateline, Inlines, Weather
from mailer.issues.nodes import compose
from mailer.issues.source import Source
from mailer.issues.words import WordReader

NUMBERED = re.compile(r"0*[1-9][0-9]{0,8}")
"""The name of an issue's file, or of its folder."""

ENCODED = re.compile(r"=\?.*?\?=")
"""What looks like an encoded word of RFC 2047, in a value that is bound for a header."""

SHORTEST, LONGEST = 30, 150
"""Characters of a good preheader: fewer let an inbox fill the line from the page, more are never shown."""

COLDEST, HOTTEST = -95, 60
"""Degrees Celsius: a little beyond what was ever measured on Earth (-89.2 and 56.7, by the WMO)."""

_MARK = "---"


@dataclass(frozen=True)
class FrontMatter:
    """What the front matter says. When a mistake was noted, values are missing: the issue is not made then."""

    number: int
    date: date
    subject: Inlines
    preheader: str
    dateline: Dateline | None


def split(source: Source) -> tuple[int, str | None]:
    """The first line of the body, and the YAML before it (from line 2 on); None when there is no front matter."""
    lines = source.lines
    if lines[0].rstrip() != _MARK:
        source.mistake((1, 1), "the front matter is missing: the first line is '---', then number, date, subject, …")
        return 1, None
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == _MARK:
            return index + 2, "\n".join(lines[1:index])
        if line.lstrip().startswith(":::"):
            break
    else:
        index = len(lines)
    source.mistake((1, 1), "the front matter that begins here is not closed: a line '---' ends it")
    return index + 1, "\n".join(lines[1:index])


def read_front_matter(source: Source, text: str | None, words: WordReader) -> FrontMatter:
    """Read what stands between the two `---`; what is wrong is noted at its own place."""
    node = None if text is None else compose(source, 2, text)
    if node is None:
        return FrontMatter(0, date.min, (), "", None)
    entries = Entries(source, node)
    number = entries.whole("number", 1, 999_999_999, "the issue's number, the same as its file's name") or 0
    if number:
        _check_number(source, entries, number)
    day = entries.day("date", "the edition's date, YYYY-MM-DD")
    dateline = _dateline(entries.entries("dateline"), words)
    subject = entries.text("subject", "the line that a reader sees in the inbox")
    why = f"what an inbox shows after the subject, {SHORTEST} to {LONGEST} characters"
    preheader = entries.text("preheader", why, longest=500)
    entries.close()
    locate = entries.locate("subject", subject)
    if found := ENCODED.search(subject):
        # A mail program, and Python's own email package before 3.11.10, would decode it: CVE-2024-6923.
        source.mistake(locate(found.start()), "a subject cannot hold '=?…?=', which mail programs decode")
    return FrontMatter(
        number=number,
        date=day or date.min,
        subject=words.line(subject, locate),
        preheader=words.impersonal(preheader, "the preheader", entries.locate("preheader", preheader)),
        dateline=dateline,
    )


def _check_number(source: Source, entries: Entries, number: int) -> None:
    named = source.path.parent.name if source.path.name == "issue.md" else source.path.stem
    if not NUMBERED.fullmatch(named):
        source.mistake(entries.place("number"), f"the file is named by its number: {number:04d}.md, not '{named}'")
    elif int(named) != number:
        source.mistake(entries.place("number"), f"number is {number}, but the file's name says {int(named)}")


def _dateline(entries: Entries | None, words: WordReader) -> Dateline | None:
    if entries is None:
        return None
    day = entries.day("date", "the day that the dateline names")
    place = entries.text("place")
    place = words.impersonal(place, "the place", entries.locate("place", place))
    weather = entries.entries("weather")
    entries.close()
    if weather is None:
        return Dateline(day or date.min, place)
    celsius = weather.whole("celsius", COLDEST, HOTTEST, "the weather has degrees")
    sky = weather.text("sky", "the weather has a sky, such as Cloudy", longest=40)
    sky = words.impersonal(sky, "the sky", weather.locate("sky", sky))
    weather.close()
    return Dateline(day or date.min, place, Weather(celsius or 0, sky))
