"""Names, tags and custom fields as they are kept: cleaned the same way whichever door they come in by. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from subscribers.errors import BadValue

LONGEST_NAME = 200
LONGEST_TAG = 100
LONGEST_FIELD = 1000
RESERVED_FIELDS = ("email", "name", "first_name", "tags", "status")
"""What a subscriber has anyway: a custom field of that name could never be told from it."""

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
# Pasted along from pages: with one at its end a tag is another tag, and nobody can see it. Inside a word they may belong.
_UNSEEN = " \u200b\ufeff"
# Controls would forge headers and terminals; lone surrogates cannot be stored as UTF-8.
_UNKEEPABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def clean_name(text: str) -> str:
    """A person's name in one line, composed (NFC). Raises BadValue."""
    return _clean(text, "a name", LONGEST_NAME)


def is_clean_name(text: str) -> bool:
    """Whether `clean_name` would give back just this text. Of other texts nothing is said."""
    return (
        text.isascii()
        and text.isprintable()
        and len(text) <= LONGEST_NAME
        and "  " not in text
        and text == text.strip()
    )


def clean_tag(text: str) -> str:
    """One tag; upper and lower case are kept apart. Raises BadValue.

    `,` and `;` are refused: they stand between tags in a file, so such a tag could never come back from one.
    """
    tag = _clean(text, "a tag", LONGEST_TAG)
    if not tag:
        raise BadValue("a tag is empty")
    if "," in tag or ";" in tag:
        raise BadValue(
            f'"{tag}" is not a tag: a comma or semicolon stands between two tags', hint="give each by itself"
        )
    return tag


def clean_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags, each once, sorted. Raises BadValue."""
    return tuple(sorted({clean_tag(text) for text in texts}))


def clean_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Custom fields: names like `plan`, values one line of text. Raises BadValue."""
    return {clean_field_name(name): clean_field_value(name, value) for name, value in fields.items()}


def clean_field_name(name: str) -> str:
    """The name of a custom field, as an issue writes it between braces. Raises BadValue."""
    if not _FIELD_NAME.match(name):
        raise BadValue(
            f"{name!a} cannot be the name of a field",
            hint="a letter first, then up to 63 letters, digits and underscores",
        )
    if name.lower() in RESERVED_FIELDS:
        raise BadValue(f"`{name}` cannot be a custom field: every subscriber has it already")
    return name


def clean_field_value(name: str, text: str) -> str:
    """What a custom field says, in one line. Raises BadValue."""
    return _clean(text, f"field `{name}`", LONGEST_FIELD)


def _clean(text: str, what: str, longest: int) -> str:
    if text.isascii() and text.isprintable() and len(text) <= longest and "  " not in text and text == text.strip(" "):
        return text  # as almost every cell of a million rows
    clean = " ".join(unicodedata.normalize("NFC", text).split()).strip(_UNSEEN)
    if len(clean) > longest:
        raise BadValue(f"{what} is longer than {longest} characters")
    found = _UNKEEPABLE.search(clean)
    if found:
        raise BadValue(f"{what} contains the character U+{ord(found[0]):04X}, which cannot be kept")
    return clean
