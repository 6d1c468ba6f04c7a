"""The pace: one row that every sender takes its departures from."""

from mailer.pacing.departures import recipients_per_departure, step, take_departure
from mailer.pacing.pacer import Pacer

__all__ = ["Pacer", "recipients_per_departure", "step", "take_departure"]
