"""Figures in words, the same in every command. Pure."""

from collections.abc import Mapping


def count(number: int, one: str, many: str) -> str:
    """`1 person`, `2,000 people`."""
    return f"{number:,} {one if number == 1 else many}"


def reasons(counts: Mapping[str, int]) -> str:
    """`3 unsubscribed, 1 bounced`."""
    return ", ".join(f"{number:,} {reason or 'without a reason'}" for reason, number in counts.items())


def duration(seconds: float) -> str:
    """`40 seconds`, `3 minutes`, `2 h 5 min`."""
    whole = max(1, round(seconds))
    if whole < 100:  # noqa: PLR2004  # below it seconds say more than minutes
        return count(whole, "second", "seconds")
    minutes = round(whole / 60)
    if minutes < 100:  # noqa: PLR2004  # as above
        return count(minutes, "minute", "minutes")
    return f"{minutes // 60:,} h {minutes % 60} min"
