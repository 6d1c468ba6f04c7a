"""Replays a file of events: JSON Lines, each an event of SES as it was published, or wrapped by SNS."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import BinaryIO

from mailer.errors import MailerError
from mailer.feedback.values import BadEvent, Feedback, Raw, Taken
from mailer.ses.events import read_event

MOST_IN_BATCH = 500
MOST_LINE_BYTES = 1_048_576
"""What a message of SQS can hold: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html."""

TakeIn = Callable[[Sequence[Raw], Callable[[str], Feedback | None]], Taken]
"""Raws, and what reads them -> what became of them, committed."""
Line = tuple[int, str, str]
"""Its number, from 1; what stands in it; and why it cannot even be read as text."""


def replay(
    path: Path,
    take_in: TakeIn,
    *,
    stopped: Callable[[], bool],
    observe: Callable[[int], None],
    bad: Callable[[int, str], None],
) -> Taken:
    """Take a file in, batch by batch, until its end or until `stopped`; `observe` hears how many bytes were read.

    A line that is no event is told to `bad` with its number and the reason, and is not kept aside: the file is there.
    Replaying a file again changes nothing. Raises MailerError when it cannot be read, and what `take_in` raises.
    """
    total = Taken()
    try:
        with path.open("rb") as file:
            for batch in _batches(_lines(file)):
                if stopped():
                    break
                total += _take(path, batch, take_in, bad)
                observe(file.tell())
    except OSError as error:
        raise MailerError(
            f"{path} cannot be read: {error.strerror}", hint="name a file of JSON Lines: an event on each line"
        ) from error
    return total


def _take(path: Path, batch: Sequence[Line], take_in: TakeIn, bad: Callable[[int, str], None]) -> Taken:
    read: dict[str, Feedback | None] = {}
    raws: list[Raw] = []
    for number, text, problem in batch:
        if problem:
            bad(number, problem)
            continue
        try:
            read[text] = read_event(text)
        except BadEvent as error:
            bad(number, str(error))
        else:
            raws.append(Raw(text, f"{path}:{number}"))
    return take_in(raws, read.__getitem__) if raws else Taken()


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == MOST_IN_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _lines(file: BinaryIO) -> Iterator[Line]:
    """Every line that is not empty, without ever holding more than one message's worth of a line."""
    for number in count(1):
        line = file.readline(MOST_LINE_BYTES + 1)
        if not line:
            return
        if len(line) > MOST_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MOST_LINE_BYTES)
            yield number, "", f"longer than {MOST_LINE_BYTES:,} bytes"
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            yield number, "", "not UTF-8"
        else:
            if text:
                yield number, text, ""
