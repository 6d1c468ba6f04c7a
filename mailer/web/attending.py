"""Answers readers' requests beside the pages: in a thread of its own, for the life of the app."""

import threading

from mailer.web.site import Site


def attend(site: Site, stop: threading.Event) -> None:
    """Decide requests and send notices until the event is set; never ends before."""
    site.workspace.attendance(stopped=stop.is_set).until(stop)
