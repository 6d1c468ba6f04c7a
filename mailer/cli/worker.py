"""`mailer worker`: what has to be done beside the mailings, in one process without a web server: notices and events."""

from typing import TYPE_CHECKING

from mailer.cli.events import say_trouble
from mailer.cli.output import say
from mailer.cli.signals import SIGNALLED, stop_signals

if TYPE_CHECKING:
    from mailer.cli.signals import Stop
    from mailer.wiring import Workspace
    from mailer.wiring.intake import Intake

_LOOK_SECONDS = 0.2
_TIDY_SECONDS = 600.0
"""How often stored events are put in order where the web takes them in: a queue's reader does so itself."""


def worker() -> int:
    """Send notices at once and take in events, until Ctrl-C; any number may run, beside `mailer serve` or without it."""
    import logging  # noqa: PLC0415  # lazy: only here
    import threading  # noqa: PLC0415  # lazy: only here

    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.intake import Intake  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.notices import Notices  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    intake = Intake(workspace)
    intake.take_in([])  # what is wrong with the database is said before anything begins
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    over = threading.Event()
    with stop_signals("Stopping: the notice in the call is settled, and what was received is taken in.") as stop:
        attendance = Notices(workspace).attendance(stopped=lambda: stop.asked() or over.is_set())
        attending = threading.Thread(target=attendance.until, args=(over,), name="notices")
        attending.start()
        try:
            _take_events(workspace, intake, stop)
        finally:
            over.set()
            attending.join()
    workspace.close()
    return SIGNALLED + (stop.number or 0)


def _take_events(workspace: "Workspace", intake: "Intake", stop: "Stop") -> None:
    """Poll the queue until somebody says stop; without a queue put in order what the web took in."""
    import time  # noqa: PLC0415  # lazy: only here

    url = workspace.settings.events_queue_url
    if not url:
        say("Sending notices until Ctrl-C. No events: MAILER_EVENTS_QUEUE_URL is not set.")
        tidy_at = time.monotonic()
        while not stop.asked():
            if time.monotonic() >= tidy_at:
                tidy_at = time.monotonic() + _TIDY_SECONDS
                _tidy(intake)
            workspace.sleep(_LOOK_SECONDS)
        return
    with intake.polling(stopped=stop.asked, trouble=say_trouble) as poll:
        say(f"Sending notices, and reading {url}, until Ctrl-C.")
        poll.for_ever()


def _tidy(intake: "Intake") -> None:
    from mailer.errors import DatabaseError  # noqa: PLC0415  # lazy: heavy

    try:
        intake.tidy()
    except DatabaseError as error:
        say_trouble(error)
