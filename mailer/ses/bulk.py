"""The transport that has SES compose the letters: a template, and up to 50 people in a call."""

from collections.abc import Iterable, Iterator, Sequence
from math import floor
from typing import Any

from mailer.ledger.states import PauseReason
from mailer.ses import limits, outcomes
from mailer.ses.client import BODY, Reader, Sender
from mailer.ses.entry import Entry
from mailer.ses.rate import AccountRate
from mailer.ses.transport import Ses
from mailer.transport.base import Lost, NotSent, Receipt, Refused

_ENOUGH_TO_BLAME_THE_EDITION = 5
_BEFORE = ',"BulkEmailEntries":['
_BEHIND = "]}"
_AROUND = len(_BEFORE + _BEHIND)


def people_a_call(rate: float) -> int:
    """How many people a call may hold: SES takes 50, and no more than the account may mail in a second."""
    return max(1, min(limits.MOST_ENTRIES, floor(rate)))


class SesBulkTransport(Ses):
    """Carries entries, `people` of them in a call (see `people_a_call`); for the rest see Ses."""

    def __init__(
        self,
        sending: Sender,
        reading: Reader,
        *,
        at_once: int,
        account: AccountRate,
        people: int,
        configuration_set: str = "",
    ) -> None:
        super().__init__(sending, reading, at_once=at_once, account=account, configuration_set=configuration_set)
        self.batch = people

    def calls(self, entries: Sequence[Entry]) -> Iterable[Sequence[int]]:
        """As few as will hold them: of one template each, and within 1 MB."""
        return _calls(entries, self.batch)

    def send(self, entries: Sequence[Entry]) -> list[Receipt]:
        """One call, unless it is refused as a whole. Never raises."""
        return self._carried(entries)

    def _carried(self, entries: Sequence[Entry]) -> list[Receipt]:
        answers = self._halved(entries)
        if len(entries) >= _ENOUGH_TO_BLAME_THE_EDITION and all(isinstance(answer, Refused) for answer in answers):
            # Not one was to SES's liking: it is the edition that is at fault, and nobody shall lose a letter for it.
            return [
                NotSent(answer.reason, pause=PauseReason.REFUSALS) for answer in answers if isinstance(answer, Refused)
            ]
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
            more = entry.size + len(",")
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
    written = f"{entries[0].template.written}{_BEFORE}{','.join([entry.written for entry in entries])}{_BEHIND}"
    try:
        results: Any = client.send_bulk_email(**{BODY: written.encode()})["BulkEmailEntryResults"]
        answers = [outcomes.of_entry(result) for result in results]
    except Exception as error:  # noqa: BLE001  # whatever it is: letters may have left, and the rows must say so
        receipt = outcomes.of_error(error)
        return receipt if isinstance(receipt, Refused) else [receipt for _ in entries]
    if len(answers) != len(entries):
        # Which answer belongs to whom cannot be told.
        return [Lost(f"SES gave {len(answers)} answers for {len(entries)} entries") for _ in entries]
    return answers
