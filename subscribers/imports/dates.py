"""Reads the moments of other people's files; only what can be read in one way. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone

_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)\Z", re.IGNORECASE)
_SHORT_OFFSET = re.compile(r"(?<=[\d:])([+-]\d\d)\Z")
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
_LONGEST = 60
"""Characters; no form of a date is longer."""

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?(?:\s*(?P<half>[ap])m)?"
_OFFSET = r"(?:\s*(?:UTC|GMT|Z)?(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?)?(?:\s+(?:UTC|GMT))?)"
_REST = rf"(?:(?:\s*,?\s+(?:at\s+)?|T){_TIME}{_OFFSET})?\Z"
_MONTHS: list[str] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WORD = (
    r"(?P<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_FORMS = [
    re.compile(form + _REST, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4})",
        rf"{_WEEKDAY}{_WORD}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_WORD}[\s-]+(?P<year>\d{{4}})",
    )
]
_DAY_FIRST = _FORMS[1]
_LATEST_MONTH = 12
_UNIX = re.compile(r"[1-9]\d{9}(?:\d{3})?\Z")
"""Seconds or milliseconds since 1970, of 2001 and later: no other count of time has so many figures."""


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


def is_date(text: str) -> bool:
    """Whether there is a date at all, also one that can be read in two ways."""
    return _read(text.strip()) is not None or _DAY_FIRST.match(text.strip()) is not None


def _read(text: str) -> datetime | None:
    if not text or len(text) > _LONGEST:
        return None
    # Of what is not year first, fromisoformat would read `20260304` too, which may be any number.
    if text[4:5] == "-":
        bare = _SHORT_OFFSET.sub(r"\1:00", _ZONE.sub("+00:00", text).replace(" +", "+"))
        try:
            return datetime.fromisoformat(bare)
        except ValueError:
            pass
    if _UNIX.match(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    found = next((match for form in _FORMS if (match := form.match(text))), None)
    try:
        return _put_together(found) if found else None
    except ValueError:
        return None  # no such day, as the 31st of February


def _put_together(found: re.Match[str]) -> datetime | None:
    """The moment of a form that fits. Raises ValueError when the calendar has none such."""
    said = found.groupdict()
    day = int(said["day"])
    month = int(said["month"]) if "month" in said else _MONTHS.index(said["word"][:3].lower()) + 1
    # With full stops it is the day that comes first, wherever dates are written so.
    if found.re is _DAY_FIRST and said["sep"] != ".":
        if month > _LATEST_MONTH:
            day, month = month, day
        elif day <= _LATEST_MONTH and day != month:
            return None  # 03/04 is in March or in April
    hour = int(said["hour"] or 0)
    if said["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004  # there is no 13 pm
            return None
        hour = hour % 12 + (12 if said["half"] in "pP" else 0)
    at = datetime(int(said["year"]), month, day, hour, int(said["minute"] or 0), int(said["second"] or 0), tzinfo=UTC)
    if not said["sign"]:
        return at
    east = timedelta(hours=int(said["hours"]), minutes=int(said["minutes"] or 0))
    return at.replace(tzinfo=timezone(-east if said["sign"] == "-" else east))
