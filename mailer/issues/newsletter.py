"""What never changes from issue to issue: `newsletter.yaml`, read and checked."""

import re
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from mailer.errors import ContentErrors
from mailer.issues.frontmatter import ENCODED
from mailer.issues.keyed import Entries
from mailer.issues.model import Newsletter
from mailer.issues.nodes import compose
from mailer.issues.source import Source, closest, read_source
from mailer.issues.urls import WEB, wrong_with
from mailer.issues.words import ALWAYS
from subscribers.address import parse
from subscribers.errors import BadAddress

FILE = "newsletter.yaml"
SLUG = re.compile(r"[a-z0-9-]+")
DEFAULT_LANGUAGE = "en-GB"
DEFAULT_TIMEZONE = "UTC"

_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_SENDER = re.compile(r'(?:"(?P<quoted>[^"\\]*)"|(?P<bare>[^"<>]*?))\s*<(?P<email>[^<>]*)>')
_LAW = "the law asks for it in every letter (CAN-SPAM in the USA, CASL in Canada)"
_EARLIEST, _LATEST = 1600, 9999
"""Years: the first newspaper is of 1605."""


def load_newsletter(folder: Path) -> Newsletter:
    """Read `<folder>/newsletter.yaml`; the folder's name is the newsletter's slug.

    Raises ContentErrors with every mistake.
    """
    source = read_source(folder / FILE)
    slug = folder.resolve().name
    if not SLUG.fullmatch(slug):
        wrong = f"the folder's name is the newsletter's slug, of a-z, 0-9 and hyphens: '{slug}' is none"
        source.mistake((1, 1), wrong)
    node = compose(source, 1, "\n".join(source.lines))
    if node is None:
        raise ContentErrors(source.mistakes)
    newsletter = _read(source, Entries(source, node), slug)
    source.finish()
    return newsletter


def _read(source: Source, entries: Entries, slug: str) -> Newsletter:
    title = entries.text("title", "the newsletter's name")
    if ENCODED.search(title):
        source.mistake(entries.place("title"), "title cannot hold '=?…?=', which mail programs decode")
    name, email = _sender(source, entries)
    fields = _fields(source, entries)
    newsletter = Newsletter(
        slug=slug,
        path=source.path,
        title=title,
        from_name=name,
        from_email=email,
        publisher=entries.text("publisher", f"who sends the letters; {_LAW}"),
        postal_address=entries.lines("postal_address", f"where the publisher gets paper mail; {_LAW}"),
        theme=_theme(source, entries),
        language=_language(source, entries),
        timezone=_timezone(source, entries),
        tagline=entries.text("tagline"),
        established=entries.whole("established", _EARLIEST, _LATEST),
        beats=tuple(words for words, _ in entries.texts("beats")),
        reply_to=_reply_to(source, entries),
        site=_site(source, entries),
        fields=fields,
        editable=_editable(source, entries, fields),
        labels=_labels(entries),
        archive=_archive(source, entries),
    )
    entries.close()
    return newsletter


def _sender(source: Source, entries: Entries) -> tuple[str, str]:
    why = f"whom the letters are from, 'Name <name@example.org>'; {_LAW}"
    text = entries.text("sender", why, longest=320)
    if not text:
        return "", ""
    place = entries.place("sender")
    if ENCODED.search(text):
        # A header that holds one is decoded, and what it decodes to may be a header of its own: CVE-2024-6923.
        source.mistake(place, "sender cannot hold '=?…?=', which mail programs decode: write the name as it is read")
        return "", ""
    parts = _SENDER.fullmatch(text)
    name = ((parts["bare"] if parts["quoted"] is None else parts["quoted"]) or "").strip() if parts else ""
    if not parts or not name:
        source.mistake(place, "sender has a name and an address: 'The AI Morning Post <post@example.org>'")
        return "", ""
    return name, _email(source, entries, "sender", parts["email"])


def _reply_to(source: Source, entries: Entries) -> str:
    text = entries.text("reply_to", longest=320)
    if ENCODED.search(text):
        source.mistake(entries.place("reply_to"), "reply_to cannot hold '=?…?=', which mail programs decode")
        return ""
    return _email(source, entries, "reply_to", text) if text else ""


def _email(source: Source, entries: Entries, key: str, text: str) -> str:
    try:
        return parse(text).email
    except BadAddress as error:
        source.mistake(entries.place(key), f"{key}: {error}")
        return ""


def _theme(source: Source, entries: Entries) -> str:
    theme = entries.text("theme", "the folder under templates/ that the letters are set in")
    if theme and not SLUG.fullmatch(theme):
        source.mistake(entries.place("theme"), f"theme is a folder's name under templates/, not '{theme}'")
    return theme


def _language(source: Source, entries: Entries) -> str:
    language = entries.text("language") or DEFAULT_LANGUAGE
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        near = closest(language.replace("_", "-"), {each.replace("_", "-") for each in locale_identifiers()})
        guess = f"did you mean '{near}'?" if near else "write a tag such as en-GB or de"
        source.mistake(entries.place("language"), f"unknown language '{language}', {guess}")
    return language


def _timezone(source: Source, entries: Entries) -> str:
    timezone = entries.text("timezone") or DEFAULT_TIMEZONE
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a folder of the database
        zones = {each.lower(): each for each in available_timezones()}
        near = closest(timezone, zones)
        guess = f"did you mean '{zones[near]}'?" if near else "write one such as Europe/London"
        source.mistake(entries.place("timezone"), f"unknown time zone '{timezone}', {guess}")
    return timezone


def _site(source: Source, entries: Entries) -> str:
    site = entries.text("site", longest=500)
    if site and (wrong := wrong_with(site, WEB)):
        source.mistake(entries.place("site"), f"site: {wrong}")
    return site


def _fields(source: Source, entries: Entries) -> tuple[str, ...]:
    named = entries.texts("fields")
    for index, (name, place) in enumerate(named):
        if not _FIELD.fullmatch(name):
            source.mistake(place, f"a field's name is of a-z, 0-9 and _, not '{name}'")
        elif name in ALWAYS:
            source.mistake(place, f"'{name}' is there for every newsletter: leave it out")
        elif name in [earlier for earlier, _ in named[:index]]:
            source.mistake(place, f"the field '{name}' is given twice")
    return tuple(name for name, _ in named)


def _editable(source: Source, entries: Entries, fields: tuple[str, ...]) -> dict[str, str]:
    given = entries.entries("editable")
    found: dict[str, str] = {}
    if given is None:
        return found
    for name, node in given.rest():
        if name not in fields:
            near = closest(name, fields)
            guess = f", did you mean '{near}'?" if near else ": name it there first"
            source.mistake(given.key_place(name), f"editable: '{name}' is not among fields{guess}")
        elif words := given.words(name, node):
            found[name] = words
    return found


def _archive(source: Source, entries: Entries) -> Literal["listed", "noindex", "unlisted"]:
    match entries.text("archive"):
        case "" | "listed":
            return "listed"
        case "noindex":
            return "noindex"
        case "unlisted":
            return "unlisted"
        case other:
            source.mistake(entries.place("archive"), f"archive is listed, noindex or unlisted, not '{other}'")
            return "unlisted"


def _labels(entries: Entries) -> dict[str, str]:
    given = entries.entries("labels")
    return {key: given.words(key, node) for key, node in given.rest()} if given else {}
