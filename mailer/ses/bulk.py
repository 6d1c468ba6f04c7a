"""The transport that has SES compose the letters: a template and up to 50 people in a call, several calls side by side."""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Any

from mailer.ses import limits, outcomes
from mailer.ses.client import Reader, Sender
from mailer.ses.entries import Entry
from mailer.ses.transport import Ses
from mailer.transport.base import Lost, NotSent, Receipt, Refused

_ENOUGH_TO_BLAME_THE_EDITION = 5
REFUSALS = "refusals"
_AROUND = len(', "BulkEmailEntries": []')


def people_a_call(rate: float) -> int:
    """How many people a call may hold: SES takes 50, and no more than the account may mail in a second."""
    return max(1, min(limits.MOST_ENTRIES, floor(rate)))


class SesBulkTransport(Ses):
    """Carries entries. `rate` is the account's, in recipients a second; for the rest see Ses."""

    def __init__(
        self, sending: Sender, reading: Reader, *, threads: int, rate: float, configuration_set: str = ""
    ) -> None:
        super().__init__(sending, reading, threads=threads, configuration_set=configuration_set)
        self._people = people_a_call(rate)
        self.batch = threads * self._people

    def send(self, entries: Sequence[Entry]) -> list[Receipt]:
        """As few calls as will hold them, side by side; one receipt for each entry, in order. Never raises."""
        receipts: list[Receipt] = [Lost("the entry was in no call")] * len(entries)
        calls = list(_calls(entries, self._people))
        asked = self._pool.map(self._carried, [[entries[place] for place in call] for call in calls])
        for call, answers in zip(calls, asked, strict=True):
            for place, receipt in zip(call, answers, strict=True):
                receipts[place] = receipt
        return receipts

    def _carried(self, entries: Sequence[Entry]) -> list[Receipt]:
        answers = self._halved(entries)
        if len(entries) >= _ENOUGH_TO_BLAME_THE_EDITION and all(isinstance(answer, Refused) for answer in answers):
            # Not one was to SES's liking: it is the edition that is at fault, and nobody shall lose a letter for it.
            return [NotSent(answer.reason, pause=REFUSALS) for answer in answers if isinstance(answer, Refused)]
        return answers

    def _halved(self, entries: Sequence[Entry]) -> list[Receipt]:
        """One call; when it is refused as a whole, its halves, down to the entries that are to blame."""
        answers = _asked(self._sending, entries)
        if not isinstance(answers, Refused):
            return answers
        if len(entries) == 1:
            return [answers]
        half = len(entries) // 2
        return [*self._halved(entries[:half]), *self._halved(entries[half:])]


def _calls(entries: Sequence[Entry], people: int) -> Iterator[list[int]]:
    """The places of the entries that make up each call: of one template, so many people, within 1 MB."""
    by_template: dict[int, list[int]] = {}
    for place, entry in enumerate(entries):
        by_template.setdefault(id(entry.template), []).append(place)
    for places in by_template.values():
        call: list[int] = []
        size = 0
        for place in places:
            entry = entries[place]
            more = entry.size + len(", ")
            if call and (len(call) == people or size + more > limits.LARGEST_CALL):
                yield call
                call = []
            if not call:
                size = entry.template.size + _AROUND
            call.append(place)
            size += more
        yield call


def _asked(client: Sender, entries: Sequence[Entry]) -> list[Receipt] | Refused:
    """The answer for each entry, or one refusal for the call. SES answers a refused call before it sends any of it."""
    call: dict[str, Any] = {
        **entries[0].template.parameters,
        "BulkEmailEntries": [entry.parameters() for entry in entries],
    }
    try:
        results: Any = client.send_bulk_email(**call)["BulkEmailEntryResults"]
        answers = [outcomes.of_entry(result) for result in results]
    except Exception as error:  # noqa: BLE001  # whatever it is: letters may have left, and the rows must say so
        receipt = outcomes.of_error(error)
        return receipt if isinstance(receipt, Refused) else [receipt for _ in entries]
    if len(answers) != len(entries):
        # Which answer belongs to whom cannot be told.
        return [Lost(f"SES gave {len(answers)} answers for {len(entries)} entries") for _ in entries]
    return answers
