"""The transport that carries nothing anywhere: it remembers letters and answers as it is told. Tests send through it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailer.errors import TransportError
from mailer.transport.base import Accepted, Envelope, Finding, Lost, NotSent, Receipt, Refused


@dataclass(frozen=True)
class LostAfterAccepting:
    """The letter went out, and then its answer was lost; with a plain Lost the letter itself never arrived."""

    reason: str = "the answer was lost"


Answer = Refused | NotSent | Lost | LostAfterAccepting | BaseException | None
"""What becomes of an envelope; None: it is accepted. An exception is raised when the envelope's turn comes, and those
before it were carried; but a TransportError is raised before any is."""


class MemoryTransport:
    """Accepts everything, but for what `answer` says of an envelope."""

    name = "memory"
    about = "letters are remembered, nothing leaves this process"

    def __init__(
        self,
        answer: Callable[[Envelope], Answer] = lambda _envelope: None,
        *,
        batch: int = 50,
        at_once: int = 1,
        remembers: bool = True,
    ) -> None:
        """`remembers`: whether `look_up` can tell, as an outbox can, or never, as SES."""
        self.batch = batch
        self.at_once = at_once
        self.asked = 0
        """How often `send` was called."""
        self.letters: list[Envelope] = []
        """What lies in mailboxes, in the order in which it was carried: twice, if it was sent twice."""
        self._answer = answer
        self._remembers = remembers

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Carry envelopes as told. Raises TransportError when told so, and ValueError for more than `batch`."""
        self.asked += 1
        if len(envelopes) > self.batch:
            raise ValueError(f"{len(envelopes)} envelopes in one call; {self.batch} are the most")
        answers = [self._answer(envelope) for envelope in envelopes]
        for answer in answers:
            if isinstance(answer, TransportError):
                raise answer
        return [self._carried(envelope, answer) for envelope, answer in zip(envelopes, answers, strict=True)]

    def prepare(self, sender: str, audience: int) -> Sequence[Finding]:  # noqa: ARG002  # the protocol's
        """There is nothing to prepare."""
        return ()

    def rate(self) -> float | None:
        """As many as you like."""
        return None

    def too_fast(self) -> None:
        """There is no faster or slower."""

    def calls(self, envelopes: Sequence[Envelope]) -> Iterable[Sequence[int]]:
        """As many as will go into one."""
        places = range(len(envelopes))
        return [places[first : first + self.batch] for first in places[:: self.batch]]

    def close(self) -> None:
        """There is nothing to give back."""

    def where(self, mailing: str) -> str:  # noqa: ARG002  # the protocol's
        """Nowhere."""
        return ""

    def look_up(self, mailing: str, deliveries: Sequence[str]) -> dict[str, Receipt] | None:
        """What became of these deliveries; None when made with `remembers=False`."""
        if not self._remembers:
            return None
        carried = {
            letter.delivery: _message_id(number)
            for number, letter in enumerate(self.letters, start=1)
            if letter.mailing == mailing
        }
        return {
            delivery: Accepted(carried[delivery]) if delivery in carried else NotSent("it never arrived")
            for delivery in deliveries
        }

    def _carried(self, envelope: Envelope, answer: Answer) -> Receipt:
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Refused | NotSent | Lost):
            return answer
        self.letters.append(envelope)
        return Lost(answer.reason) if answer else Accepted(_message_id(len(self.letters)))


def in_turn(answers: Iterable[Answer]) -> Callable[[Envelope], Answer]:
    """A script: the first envelope gets the first answer, and so on; after the last one everything is accepted."""
    remaining = iter(answers)
    return lambda _envelope: next(remaining, None)


def _message_id(number: int) -> str:
    return f"memory-{number}"
