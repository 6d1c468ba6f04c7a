"""Every reason for a pause is told with what to do about it."""

from mailer.cli.pauses import way_on, what_to_do
from mailer.ledger.states import PauseReason


def test_every_reason_says_what_to_do() -> None:
    told = {reason: what_to_do(reason, "--issue 54") for reason in PauseReason}
    assert all(told.values())
    assert "--issue 54 --dry-run" in told[PauseReason.ACCOUNT]


def test_only_the_quota_needs_nobody_to_resume() -> None:
    assert {reason for reason in PauseReason if way_on(reason, "--issue 54") == "mailer send --issue 54"} == {
        PauseReason.QUOTA
    }
    assert way_on(PauseReason.REFUSALS, "--issue 54") == "mailer resume --issue 54, then mailer send --issue 54"
