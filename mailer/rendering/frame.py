"""What stands round the sections of every issue: masthead, dateline and footer, as finished words in the right language."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from mailer.errors import RenderError
from mailer.issues.model import Dateline, Issue
from mailer.rendering.inlines import said
from mailer.rendering.slots import clean


@dataclass(frozen=True)
class Frame:
    """The same words for the HTML and for its text twin."""

    language: str
    direction: str
    """`ltr` or `rtl`."""
    subject: str
    """With the fallbacks said: for the title, where no slot can stand."""
    preheader: str
    title: str
    tagline: str
    beats: tuple[str, ...]
    established: str
    edition: str
    """The edition's date."""
    number: str
    dateline: tuple[str, ...]
    quotes: tuple[str, str]
    """Round a pull quote."""
    trouble: str
    view: str
    published: str
    postal_address: str
    why: str
    unsubscribe: str
    preferences: str
    browser: str


def frame(issue: Issue, words: Mapping[str, str]) -> Frame:
    """The frame of one issue. `words` are the theme's; dates are written as the newsletter's language writes them.

    Raises RenderError for a language that Babel does not know, and for theme's words that are missing or do not fit.
    """
    newsletter = issue.newsletter
    locale = _locale(newsletter.language)
    host = urlsplit(newsletter.site).netloc
    facts: dict[str, str | int] = {
        "title": newsletter.title,
        "publisher": newsletter.publisher,
        "site": host,
        "number": issue.number,
        "year": newsletter.established or 0,
    }

    def say(key: str) -> str:
        if key not in words:
            raise RenderError(f"the theme has no words for {key!r}", hint="Add them under `words:` in its theme.yaml.")
        try:
            return clean(words[key].format_map(facts))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            raise RenderError(
                f"the theme's words for {key!r} cannot be filled: {words[key]!r}",
                hint="Words may hold " + ", ".join(f"{{{name}}}" for name in facts) + ", and no other braces.",
            ) from error

    return Frame(
        language=newsletter.language.replace("_", "-"),
        direction=locale.text_direction,
        subject=said(issue.subject).strip(),
        preheader=clean(issue.preheader),
        title=clean(newsletter.title),
        tagline=clean(newsletter.tagline),
        beats=tuple(clean(beat) for beat in newsletter.beats),
        established=say("established") if newsletter.established else "",
        edition=format_date(issue.date, "long", locale=locale),
        number=say("number"),
        dateline=_dateline(issue.dateline, locale) if issue.dateline else (),
        quotes=(say("quote_opens"), say("quote_closes")),
        trouble=say("trouble"),
        view=say("view"),
        published=say("published"),
        postal_address=clean(newsletter.postal_address),
        why=say("why") if host else say("why_without_site"),
        unsubscribe=say("unsubscribe"),
        preferences=say("preferences"),
        browser=say("browser"),
    )


def direction_of(language: str) -> str:
    """`ltr` or `rtl`. Raises RenderError for a language that Babel does not know."""
    return _locale(language).text_direction


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise RenderError(
            f"no language {language!r} is known, so its dates cannot be written",
            hint="Give `language` in newsletter.yaml as a tag such as en-GB, de or pt-BR.",
        ) from error


def _dateline(dateline: Dateline, locale: Locale) -> tuple[str, ...]:
    parts = [format_date(dateline.date, "full", locale=locale), clean(dateline.place)]
    if dateline.weather:
        degrees = format_decimal(dateline.weather.celsius, locale=locale)
        parts.append(f"{degrees} °C {clean(dateline.weather.sky)}".strip())
    return tuple(part for part in parts if part)
