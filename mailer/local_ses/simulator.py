"""The mailbox simulator: addresses that bounce, complain or answer when they are told to by their name."""

_AMAZONS = "simulator.amazonses.com"
_AMAZONS_BOXES = ("success", "bounce", "complaint", "ooto", "suppressionlist")

OURS = "simulator.example.org"
"""The domain of the boxes that Amazon has not: its own simulator knows no delay and no full mailbox."""
_OUR_BOXES = ("softbounce", "delay", "reject", "open", "click")


def box(address: str) -> str:
    """The simulator's mailbox of an address, whatever its `+label`; empty for any other address."""
    local, _, domain = address.lower().rpartition("@")
    name = local.partition("+")[0]
    boxes = {_AMAZONS: _AMAZONS_BOXES, OURS: _OUR_BOXES}.get(domain, ())
    return name if name in boxes else ""


def is_simulated(address: str) -> bool:
    """Whether an address belongs to Amazon's simulator: it needs no verification and does not count to the daily quota."""
    return address.lower().endswith("@" + _AMAZONS) and bool(box(address))
