"""Amazon's mailbox simulator: addresses that bounce, complain or answer when they are told to by their name."""

_DOMAIN = "simulator.amazonses.com"
_BOXES = ("success", "bounce", "complaint", "ooto", "suppressionlist")


def box(address: str) -> str:
    """The simulator's mailbox of an address, whatever its `+label`; empty for any other address."""
    local, _, domain = address.lower().rpartition("@")
    name = local.partition("+")[0]
    return name if domain == _DOMAIN and name in _BOXES else ""


def is_simulated(address: str) -> bool:
    """Whether an address belongs to the simulator: it needs no verification and does not count to the daily quota."""
    return bool(box(address))
