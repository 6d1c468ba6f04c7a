"""The pace: one row that every sender takes its departures from."""

from mailer.pacing.departures import batch_for, recipients_per_departure, step, take_departure
from mailer.pacing.pacer import Pacer
from mailer.pacing.slowing import slow_down

__all__ = ["Pacer", "batch_for", "recipients_per_departure", "slow_down", "step", "take_departure"]
