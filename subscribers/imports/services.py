"""What other services call their columns and standings: one small declaration for each, and no code.

A service is recognised by its headers, in lower case. Where a word is not declared the row is refused: nobody is
subscribed by a status that we do not understand. The sources of the headers are in docs/importing.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from subscribers.imports.wanted import Wanted

# A spreadsheet that saves `true` again writes it in the language that it is set to.
TRUE: tuple[str, ...] = (
    *("true", "yes", "1", "t", "y", "on"),
    *("wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "sant", "sand", "prawda"),
)
FALSE: tuple[str, ...] = (
    *("false", "no", "0", "f", "n", "off", ""),
    *("falsch", "faux", "falso", "onwaar", "falskt", "falsk", "fałsz"),
)


def flag(if_true: Wanted, if_false: Wanted = Wanted.SUBSCRIBED) -> dict[str, Wanted]:
    """The words of a column that says yes or no."""
    return dict.fromkeys(TRUE, if_true) | dict.fromkeys(FALSE, if_false)


@dataclass(frozen=True)
class Standings:
    """What the words of a column say of somebody."""

    words: Mapping[str, Wanted]
    """In lower case."""
    other: Wanted | None = None
    """What any other word says; None: such a row is refused."""
    dates: Wanted | None = None
    """What a date says in place of a word; None: no more than any other word."""


FILLED_WHEN_LEFT = Standings({"": Wanted.SUBSCRIBED}, other=Wanted.UNSUBSCRIBED)
"""A column with the moment of leaving, empty for those who stay."""


@dataclass(frozen=True)
class Service:
    """How one kind of export looks."""

    name: str
    headers: frozenset[str]
    """It is this service's when all of these are there."""
    roles: Mapping[str, str]
    """Header -> `email`, `name`, `first_name`, `last_name`, `tags`, `date` (they agreed), `left` (they went)."""
    standings: Mapping[str, Standings] = field(default_factory=dict[str, Standings])
    """Header -> what its words say; of several the graver holds."""
    always: Wanted = Wanted.SUBSCRIBED
    """What the export says of everybody in it."""
    file_names: Mapping[str, Wanted] = field(default_factory=dict[str, Wanted])
    """What the beginning of the file's name says of everybody in it."""
    quoted_tags: bool = False
    """Each tag stands between double quotes inside its cell."""

    @property
    def says_who_is_mailed(self) -> bool:
        """Whether the export itself, or the name of its file, tells those who left from the others."""
        return bool(self.standings or self.file_names) or self.always is not Wanted.SUBSCRIBED


_NAMES = {"first name": "first_name", "last name": "last_name"}
_MAILCHIMP = {"email address": "email", "email": "email", "tags": "tags", **_NAMES}
_MAILCHIMP_FILES = {
    "unsubscribed_": Wanted.UNSUBSCRIBED,
    "cleaned_": Wanted.BOUNCED,
    "nonsubscribed_": Wanted.UNCONFIRMED,
}

# A person may have deleted the columns that meant nothing to them: either of these is Mailchimp's alone.
_MAILCHIMPS_OWN = (frozenset({"leid", "euid"}), frozenset({"member_rating"}))

# The first that fits is taken: those with more headers stand before those with fewer.
SERVICES: tuple[Service, ...] = (
    # What `mailer suppressions list --json` says: an export of people has only those who are in the book.
    Service(
        "mailer (suppressions)",
        frozenset({"email", "reason", "at", "note"}),
        {"email": "email", "at": "left"},
        {
            "reason": Standings(
                {
                    "left-all": Wanted.LEFT_ALL,
                    "undeliverable": Wanted.UNDELIVERABLE,
                    "operator": Wanted.OPERATOR,
                    "bounced": Wanted.BOUNCED,
                    "complained": Wanted.COMPLAINED,
                }
            )
        },
    ),
    *(
        Service(
            "Mailchimp (unsubscribed)",
            frozenset({"unsub_time", *own}),
            {**_MAILCHIMP, "unsub_time": "left"},
            always=Wanted.UNSUBSCRIBED,
            quoted_tags=True,
        )
        for own in _MAILCHIMPS_OWN
    ),
    *(
        Service(
            "Mailchimp (cleaned)",
            frozenset({"clean_time", *own}),
            {**_MAILCHIMP, "clean_time": "left"},
            always=Wanted.BOUNCED,
            quoted_tags=True,
        )
        for own in _MAILCHIMPS_OWN
    ),
    *(
        Service(
            "Mailchimp",
            frozenset({"optin_time", *own}),
            {**_MAILCHIMP, "confirm_time": "date", "optin_time": "date"},
            file_names=_MAILCHIMP_FILES,
            quoted_tags=True,
        )
        for own in _MAILCHIMPS_OWN
    ),
    Service(
        "Substack",
        frozenset({"email", "active_subscription", "email_disabled"}),
        {"email": "email", "name": "name", "created_at": "date"},
        {"email_disabled": Standings(flag(Wanted.UNSUBSCRIBED))},
    ),
    Service(
        "Ghost",
        frozenset({"email", "subscribed_to_emails"}),
        {"email": "email", "name": "name", "labels": "tags", "created_at": "date", "deleted_at": "left"},
        {
            "subscribed_to_emails": Standings(flag(Wanted.SUBSCRIBED, Wanted.UNSUBSCRIBED)),
            "deleted_at": FILLED_WHEN_LEFT,
        },
    ),
    Service(
        "listmonk",
        frozenset({"uuid", "email", "attributes", "status"}),
        {"email": "email", "name": "name", "created_at": "date"},
        {
            "status": Standings(
                {"enabled": Wanted.SUBSCRIBED, "disabled": Wanted.UNSUBSCRIBED, "blocklisted": Wanted.OPERATOR}
            )
        },
    ),
    Service(
        "Brevo",
        frozenset({"email", "email_blacklisted", "sms_blacklisted"}),
        {
            "email": "email",
            "added_time": "date",
            # What an account in another language calls them.
            **dict.fromkeys(("firstname", "prenom", "vorname", "nombre", "nome"), "first_name"),
            **dict.fromkeys(("lastname", "nom", "nachname", "apellidos", "cognome"), "last_name"),
        },
        {"email_blacklisted": Standings(flag(Wanted.UNSUBSCRIBED))},
    ),
    Service(
        "ActiveCampaign",
        frozenset({"email", "date created", "ip", "status"}),
        {"email": "email", "tags": "tags", "date created": "date", **_NAMES},
        {
            "status": Standings(
                {
                    **dict.fromkeys(("active", "1"), Wanted.SUBSCRIBED),
                    **dict.fromkeys(("unconfirmed", "0"), Wanted.UNCONFIRMED),
                    **dict.fromkeys(("unsubscribed", "2"), Wanted.UNSUBSCRIBED),
                    **dict.fromkeys(("bounced", "3"), Wanted.BOUNCED),
                }
            )
        },
    ),
    *(
        Service(
            "beehiiv",
            frozenset({"email", "status", created, tier}),
            {"email": "email", created: "date", "unsubscribed_at": "left", "tags": "tags", **_NAMES},
            {
                "status": Standings(
                    {
                        "active": Wanted.SUBSCRIBED,
                        **dict.fromkeys(("pending", "validating", "needs_attention"), Wanted.UNCONFIRMED),
                        **dict.fromkeys(("inactive", "unsubscribed"), Wanted.UNSUBSCRIBED),
                        "invalid": Wanted.BOUNCED,
                    }
                ),
                "unsubscribed_at": FILLED_WHEN_LEFT,
            },
        )
        for created in ("created_at", "created at")
        for tier in ("tier", "subscription_tier", "subscription tier")
    ),
    *(
        Service(
            "Buttondown",
            frozenset({email, "creation_date", kind}),
            {email: "email", "creation_date": "date", "tags": "tags", "unsubscription_date": "left"},
            {
                kind: Standings(
                    {
                        **dict.fromkeys(
                            ("regular", "premium", "gifted", "trialed", "churning", "churned", "past_due", "paused"),
                            Wanted.SUBSCRIBED,
                        ),
                        # Of a newsletter that has to be paid for they got nothing yet.
                        **dict.fromkeys(("unactivated", "unpaid"), Wanted.UNCONFIRMED),
                        **dict.fromkeys(("unsubscribed", "removed"), Wanted.UNSUBSCRIBED),
                        **dict.fromkeys(("blocked", "spammy"), Wanted.OPERATOR),
                        "undeliverable": Wanted.BOUNCED,
                        "complained": Wanted.COMPLAINED,
                    }
                )
            },
        )
        for email in ("email_address", "email")
        for kind in ("subscriber_type", "type")
    ),
    *(
        Service(
            "Kit",
            frozenset({"first_name", email, "created_at", state}),
            {"first_name": "first_name", email: "email", "created_at": "date", "tags": "tags"},
            {
                state: Standings(
                    {
                        # Its headers are so plain that people write them themselves, with words of their own.
                        **dict.fromkeys(("active", "confirmed", "subscribed"), Wanted.SUBSCRIBED),
                        **dict.fromkeys(("inactive", "unconfirmed", "pending"), Wanted.UNCONFIRMED),
                        **dict.fromkeys(("cancelled", "canceled", "unsubscribed"), Wanted.UNSUBSCRIBED),
                        "bounced": Wanted.BOUNCED,
                        "complained": Wanted.COMPLAINED,
                    }
                )
            },
        )
        for email, state in (("email", "status"), ("email_address", "state"), ("email_address", "status"))
    ),
    Service(
        "Squarespace",
        frozenset({"email address", "date subscribed"}),
        {"email address": "email", "date subscribed": "date", **_NAMES},
    ),
)
