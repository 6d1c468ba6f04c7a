"""The account's rate is read again beside the sending, and whatever is answered, there is a pace to go by."""

import threading
from dataclasses import dataclass

import pytest

from mailer.errors import TransportError
from mailer.ses.account import Account
from mailer.ses.rate import AccountRate


def _account(rate: float) -> Account:
    return Account(rate, quota=None, used=0.0, production=True, sending=True, enforcement="HEALTHY")


@dataclass
class Amazon:
    """Says a rate, or nothing; counts who asks."""

    says: float | TransportError = 14.0
    seconds: float = 1000.0
    asked: int = 0

    def read(self) -> Account:
        """GetAccount."""
        self.asked += 1
        if isinstance(self.says, TransportError):
            raise self.says
        return _account(self.says)

    def rate(self) -> AccountRate:
        """The rate of this account, asked for once."""
        rate = AccountRate(self.read, clock=lambda: self.seconds)
        assert rate() == 14.0
        return rate


def _let_it_be_asked() -> None:
    for thread in threading.enumerate():
        if thread.name == "account":
            thread.join(10)


def test_the_rate_is_read_again_after_a_few_minutes_and_nobody_waits_for_it() -> None:
    amazon = Amazon()
    rate = amazon.rate()
    amazon.says = 20.0
    amazon.seconds += 179
    assert (rate(), amazon.asked) == (14.0, 1)
    amazon.seconds += 2
    rate()
    _let_it_be_asked()
    assert (rate(), amazon.asked) == (20.0, 2)


def test_too_fast_lets_it_be_read_again_but_not_at_each_refusal() -> None:
    amazon = Amazon()
    rate = amazon.rate()
    amazon.says = 7.0
    amazon.seconds += 11
    for _ in range(50):
        rate.doubt()
        _let_it_be_asked()
    assert (rate(), amazon.asked) == (7.0, 2)


@pytest.mark.parametrize("says", [0.0, TransportError("nobody there")], ids=["suspended", "away"])
def test_an_account_that_is_suspended_or_does_not_answer_leaves_the_pace_as_it_was(
    says: float | TransportError,
) -> None:
    amazon = Amazon()
    rate = amazon.rate()
    amazon.says = says
    for asked in (2, 3):
        amazon.seconds += 181
        assert rate() == 14.0
        _let_it_be_asked()
        assert (rate(), amazon.asked) == (14.0, asked)
