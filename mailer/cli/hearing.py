"""What is heard of a mailing, in words: since when, and the likely cause when nothing is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailer.cli.words import count, duration

if TYPE_CHECKING:
    from datetime import datetime

    from mailer.feedback.hearing import Hearing

PATIENCE_SECONDS = 600.0
"""SES tells of most letters within seconds: after this, no event at all means that something is not set up."""


def hearing_lines(
    heard: "Hearing", now: "datetime", *, configuration_set: str, reads: bool
) -> Iterator[tuple[str, str]]:
    """(heading, words) for a person. `reads`: whether a queue or a topic is set from which events could come."""
    if heard.told is not None:
        told = heard.told
        yield (
            "last event",
            f"{told.last_event_at:%Y-%m-%d %H:%M:%S} UTC, {duration((now - told.last_event_at).total_seconds())} ago",
        )
        if told.soft_bounced:
            yield "came back", f"{told.soft_bounced:,} softly: a full mailbox, a server that gave up"
        if told.returned:
            yield "returned", f"{told.returned:,} because of the letter itself: too large, or its content"
    elif heard.silent_since is not None:
        silent = (now - heard.silent_since).total_seconds()
        if silent < PATIENCE_SECONDS:
            yield "last event", "none yet"
        else:
            cause = _cause(heard, configuration_set=configuration_set, reads=reads)
            yield "last event", f"none since the first letter, {duration(silent)} ago: {cause}"
    if heard.doubles:
        yield (
            "twice",
            f"{count(heard.doubles, 'letter', 'letters')} beyond the first of an attempt: somebody got the issue twice",
        )


def _cause(heard: "Hearing", *, configuration_set: str, reads: bool) -> str:
    if not configuration_set:
        return "MAILER_SES_CONFIGURATION_SET is not set, so SES publishes none"
    if not reads:
        return "neither MAILER_EVENTS_QUEUE_URL nor MAILER_SES_TOPIC_ARNS is set, so none can come in"
    if heard.unreadable:
        return f"{heard.unreadable:,} that came in could not be read: mailer events errors"
    if heard.others:
        return (
            f"those of other letters do come; does the configuration set {configuration_set} publish to the same place?"
        )
    return f"is `mailer events poll` running, and does the configuration set {configuration_set} publish to its queue?"
