"""Answers readers' requests beside the pages: in a thread of its own, for the life of the app."""

import threading

from mailer.web.site import Site
from mailer.wiring.notices import Notices


def attend(site: Site, stop: threading.Event) -> None:
    """Decide requests and send notices until the event is set; never ends before."""
    Notices(site.workspace).attendance(stopped=stop.is_set).until(stop)
