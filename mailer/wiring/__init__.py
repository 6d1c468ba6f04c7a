"""The composition root: the only place that chooses database, transport, themes, clock and chance."""

from mailer.wiring.workspace import Workspace, open_workspace, utc_now

__all__ = ["Workspace", "open_workspace", "utc_now"]
