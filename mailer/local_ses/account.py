"""GetAccount, from the same figures by which letters are let through."""

from typing import Any

from mailer.local_ses.state import State


def get_account(state: State) -> dict[str, Any]:
    """The answer of GetAccount."""
    options = state.options
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": options.production_access,
        "SendingEnabled": not options.paused,
        "SendQuota": {
            "Max24HourSend": options.daily_quota,
            "MaxSendRate": options.rate,
            "SentLast24Hours": float(state.limits.sent_last_day(state.clock())),
        },
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }
