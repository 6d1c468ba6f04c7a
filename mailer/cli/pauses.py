"""A paused mailing, in words: why it paused, what to do about it, and how it goes on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailer.ledger.mailings import MailingRow
    from mailer.wiring import Workspace

_WHAT_TO_DO: Mapping[str, str] = {
    "operator": "somebody typed `mailer pause`: ask them",
    "transport": "letters could not be written any more: look at the disk and its rights",
    "quota": "the account's quota for 24 hours is used up: wait",
    "account": "SES took no letter from this account: `mailer send {named} --dry-run` asks it and says the remedies",
    "lost-answers": "too many answers were lost, and each may be a letter that went out: look at the network; "
    "`mailer events poll --once` settles what did go out",
    "refusals": "too many letters were refused: `mailer deliveries list {named} --state refused` has the reasons; it "
    "is the letter or the sender, not the addresses",
    "guard-bounces": "too many letters came back for good: look where the addresses come from before you go on",
    "guard-complaints": "too many readers called it spam: look where the addresses come from before you go on",
    "duplicate": "two letters bear the tag of one attempt, so somebody may have two: `mailer subscribers history EMAIL` tells "
    "of both; please report it",
    "restored": "the database came back from a backup and may not know of letters that have left: docs/runbook.md",
}


def what_to_do(reason: str, named: str) -> str:
    """What a pause for this reason asks of a person. `named`: the options that name the issue, `Workspace.naming`."""
    return _WHAT_TO_DO[reason].format(named=named)


def way_on(reason: str, named: str) -> str:
    """The commands by which a mailing goes on that paused for this reason."""
    send = f"mailer send {named}"
    return send if reason == "quota" else f"mailer resume {named}, then {send}"


def pause_words(workspace: "Workspace", mailing: "MailingRow") -> str:
    """What `mailer send` ends with when the mailing is paused."""
    said = f"\n  it said: {mailing.said}" if mailing.said else ""
    named = workspace.naming(mailing.newsletter, mailing.issue)
    again = way_on(mailing.reason, named)
    if mailing.reason != "quota":
        what = what_to_do(mailing.reason, named)
        return f"The mailing is paused ({mailing.reason}): {what}{said}\n  to go on: {again}"
    from mailer.ledger.report import room_again  # noqa: PLC0415  # lazy: heavy

    with workspace.reading() as connection:
        when = room_again(connection, workspace.now())
    return (
        f"The account's quota for 24 hours is used up. It has room again from {when:%Y-%m-%d %H:%M} UTC on, bit by bit; "
        f"then the same command goes on: {again}{said}"
    )
