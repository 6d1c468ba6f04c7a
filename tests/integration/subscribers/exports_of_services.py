"""Who is what here by the export of each service: its file, and everybody in it."""

from pathlib import Path

_SAMPLES = Path(__file__).parents[2] / "fixtures" / "imports"

_STANDINGS: dict[str, dict[str, str]] = {
    "subscribed_members_export_1.csv": {"ada@example.org": "subscribed Zoë Müller #Lorem Editors #beta"},
    "unsubscribed_members_export_1.csv": {"ada@example.org": "unsubscribed"},
    "cleaned_members_export_1.csv": {"ada@example.org": "(bounced)"},
    "substack.csv": {"zoe@xn--bcher-kva.example": "subscribed", "bob@example.org": "unsubscribed"},
    "ghost.csv": {
        "ada@example.org": "subscribed Zoë #beta #vip",
        "bob@example.org": "unsubscribed",
        "cy@example.org": "unsubscribed",
    },
    "kit.csv": {
        "ada@example.org": "subscribed Zoë #beta",
        "bob@example.org": "unsubscribed",
        "cy@example.org": "(bounced)",
        "di@example.org": "(complained)",
        "ed@example.org": "unconfirmed Ed",
    },
    "beehiiv.csv": {
        "ada@example.org": "subscribed Zoë Müller",
        "bob@example.org": "unsubscribed",
        "cy@example.org": "unconfirmed Cy",
    },
    "brevo.csv": {"ada@example.org": "subscribed Zoë Müller", "bob@example.org": "unsubscribed"},
    "activecampaign.csv": {
        "ada@example.org": "subscribed Zoë #beta",
        "bob@example.org": "unsubscribed",
        "cy@example.org": "(bounced)",
        "di@example.org": "unconfirmed Di",
    },
    "buttondown.csv": {
        "ada@example.org": "subscribed #beta #café",
        "bob@example.org": "unsubscribed",
        "cy@example.org": "unconfirmed",
        "di@example.org": "(bounced)",
    },
    "listmonk.csv": {
        "ada@example.org": "subscribed Zoë",
        "bob@example.org": "(operator)",
        "cy@example.org": "unsubscribed",
    },
    "squarespace.csv": {"zoe@xn--bcher-kva.example": "subscribed"},
}

EXPORTS = {name: ((_SAMPLES / name).read_text(encoding="utf-8"), found) for name, found in _STANDINGS.items()}
"""What other services export, written after the headers that they document: file name -> content, and who is what here by it."""
