"""Reads the moments of other people's files; only what can be read in one way. Pure."""

import re
from datetime import UTC, datetime

_FORMS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p")
_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)\Z", re.IGNORECASE)
_SHORT_OFFSET = re.compile(r"(?<=[\d:])([+-]\d\d)\Z")
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)


def moment(text: str, latest: datetime) -> str | None:
    """The moment as the tables hold it, in UTC; None when it cannot be known, as that of `03/04/2026`.

    A time without a zone is taken for UTC. Whoever agreed in the future agreed at `latest`: a clock was wrong.
    """
    text = text.strip()
    found = _read(text)
    if found is None:
        return None
    try:
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None
    if found < _EARLIEST:
        return None  # nobody agreed to e-mail then: it is some program's nought
    return min(found, latest).strftime("%Y-%m-%d %H:%M:%S.%f")


def _read(text: str) -> datetime | None:
    if not text or len(text) > 60:  # noqa: PLR2004  # longer than any form of a date
        return None
    # Of what is not year first, fromisoformat would read `20260304` too, which may be any number.
    if text[4:5] == "-":
        bare = _SHORT_OFFSET.sub(r"\1:00", _ZONE.sub("+00:00", text).replace(" +", "+"))
        try:
            return datetime.fromisoformat(bare)
        except ValueError:
            return None
    return _spelled_out(text)


def _spelled_out(text: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
