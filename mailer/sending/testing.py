"""Sends test letters: the notices of one command, from their first claim to the last settlement."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mailer.errors import TransportError
from mailer.ledger import notices, senders
from mailer.ledger.notices import Kind, NewNotice, NoticeRow
from mailer.sending.notices import NoticeRun, Step

PATIENCE_SECONDS = 60.0
"""How long a test waits for a transport that says "not now"."""

_NAP = 1.0


def send_tests(
    run: NoticeRun,
    emails: Sequence[str],
    *,
    newsletter: str,
    issue: int,
    number: Callable[[], int],
    sleep: Callable[[float], None],
    now: datetime,
) -> list[NoticeRow]:
    """Send a test to each address, and say what became of each. `run.kinds` and `run.only` are set here.

    What nobody would carry within a minute is withheld: a test that comes tomorrow is no help. Raises MailerError.
    """
    new = [
        NewNotice(
            id=number(),
            kind=Kind.TEST,
            newsletter=newsletter,
            email=email,
            expires_at=now + timedelta(hours=1),
            issue=issue,
        )
        for email in emails
    ]
    run.kinds, run.only = (Kind.TEST,), tuple(one.id for one in new)
    with run.database.transaction() as connection:
        notices.add(connection, new, now)
    reason = "it was stopped"
    try:
        with senders.sender(run.database, now) as me:
            waited = 0.0
            while not run.stopped():
                step = run.step(me)
                if step in (Step.IDLE, Step.STOPPED):
                    break
                if step is Step.LATER:
                    if waited >= PATIENCE_SECONDS:
                        reason = run.trouble
                        break
                    sleep(_NAP)
                    waited += _NAP
            with run.database.transaction() as connection:
                senders.end(connection, me.id, run.now())
    except TransportError as error:
        reason = str(error)
        raise
    finally:
        with run.database.transaction() as connection:
            notices.give_up(connection, run.only, reason, run.now())
    with run.database.reading() as connection:
        return notices.look(connection, run.only)
