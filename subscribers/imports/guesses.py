"""What the columns and words of a file of anybody probably mean, in the languages that people keep their lists in: data, and no code."""

import re
from collections.abc import Mapping

from subscribers.imports.services import FALSE, TRUE, Standings, flag
from subscribers.imports.wanted import Wanted

ANY_STATUS = Standings(
    {
        # First those that are named to a person whose word is not known.
        "subscribed": Wanted.SUBSCRIBED,
        "unconfirmed": Wanted.UNCONFIRMED,
        "unsubscribed": Wanted.UNSUBSCRIBED,
        "bounced": Wanted.BOUNCED,
        "complained": Wanted.COMPLAINED,
        "blocked": Wanted.OPERATOR,
        **dict.fromkeys(("subscriber", "active", "enabled", "confirmed"), Wanted.SUBSCRIBED),
        **dict.fromkeys(("opted in", "opted-in", "opt-in", "opt in", "optin"), Wanted.SUBSCRIBED),
        **dict.fromkeys(("abonniert", "angemeldet", "aktiv", "bestätigt", "ja"), Wanted.SUBSCRIBED),
        **dict.fromkeys(("abonné", "inscrit", "actif", "oui"), Wanted.SUBSCRIBED),
        **dict.fromkeys(("suscrito", "activo", "sí", "si", "iscritto", "attivo", "sì"), Wanted.SUBSCRIBED),
        **dict.fromkeys(("pending", "not confirmed"), Wanted.UNCONFIRMED),
        # Of Mailchimp: an address that bought something, or was only ever written to about an order.
        **dict.fromkeys(("non-subscribed", "nonsubscribed", "non subscribed", "transactional"), Wanted.UNCONFIRMED),
        **dict.fromkeys(("never subscribed", "not subscribed", "unbestätigt", "non confirmé"), Wanted.UNCONFIRMED),
        **dict.fromkeys(
            ("cancelled", "canceled", "left", "opted out", "opted-out", "disabled", "removed"),
            Wanted.UNSUBSCRIBED,
        ),
        **dict.fromkeys(("opt-out", "opt out", "optout", "archived", "deleted"), Wanted.UNSUBSCRIBED),
        **dict.fromkeys(("abgemeldet", "abbestellt", "inaktiv", "nein"), Wanted.UNSUBSCRIBED),
        **dict.fromkeys(("désabonné", "désinscrit", "desabonne", "desinscrit", "non"), Wanted.UNSUBSCRIBED),
        **dict.fromkeys(("dado de baja", "baja", "no suscrito", "disiscritto", "cancellato"), Wanted.UNSUBSCRIBED),
        **dict.fromkeys(("left-all", "unsubscribed from all"), Wanted.LEFT_ALL),
        **dict.fromkeys(("blocklisted", "blacklisted", "suppressed", "gesperrt"), Wanted.OPERATOR),
        **dict.fromkeys(("cleaned", "hard bounced", "invalid", "undeliverable"), Wanted.BOUNCED),
        **dict.fromkeys(("hard bounce", "hard-bounced", "hard_bounced"), Wanted.BOUNCED),
        **dict.fromkeys(("spam", "complaint", "marked as spam", "reported spam"), Wanted.COMPLAINED),
        **dict.fromkeys(TRUE, Wanted.SUBSCRIBED),
        **dict.fromkeys([word for word in FALSE if word], Wanted.UNSUBSCRIBED),
    }
)
"""The words that a status column may have. Not `inactive`: with one service it is who never confirmed, with another who
left."""

YES_NO_OR_WHEN = Standings(ANY_STATUS.words, dates=Wanted.SUBSCRIBED)
"""The words of a column `subscribed`: whether they are, or since when."""
WHEN = ("subscribed", "confirmed", "opted in", "opt-in")

ANY_FILE_NAME: Mapping[str, Wanted] = {
    "unsubscribed_": Wanted.UNSUBSCRIBED,
    "nonsubscribed_": Wanted.UNCONFIRMED,
    # Not `cleaned_` alone: so people call a list that they have tidied.
    **dict.fromkeys(("cleaned_members_", "cleaned_segment_", "cleaned_email_audience_"), Wanted.BOUNCED),
}
"""What a file's name says where no header tells: an export of Mailchimp that lost some columns in a spreadsheet."""

MAY_SAY_WHO_LEFT = re.compile(
    r"unsub|opt(ed)?[ _-]?out|black[ _-]?list|block[ _-]?list|bounce|complain|suppress|do[ _-]not|disabled|cleaned"
    r"|undeliver|deleted|removed|abgemeldet|abmelde|abbestell|gesperrt|d[ée]sabonn|d[ée]sinscri|\bbaja\b|disiscri"
    r"|uitgeschreven|afgemeld"
)
"""A column that must not be passed over: it may be the only one that says who is not to be mailed."""

MAY_SAY_WHO_STAYS = re.compile(
    r"(?:\A|subscri\w*|newsletter|marketing|contact|member|mailing|list)[ _-]*(?:status|state)\Z|mail.*\bstatus"
    r"|\A(?:statut|estado|stato)\b|subscribed\??\Z|\Anewsletter\??\Z|\A(?:is[ _-])?active\Z"
    r"|opt(?:ed)?[ _-]?in\??\Z|consent\??\Z|\A(?:einwilligung|consentement|consentimiento|consenso|toestemming)\Z"
)
"""The same, where yes means that they are mailed: who says no there has said no."""

NAMES_WHO_LEFT = re.compile(
    r"unsub|\b(?:non|not)[ _-]?subscri|(?<![a-z])opt(ed)?[ _-]?outs?(?![a-z])|black[ _-]?list|block[ _-]?list|bounce|complain|suppress|do[ _-]not"
    r"|abgemeldet|abmeldung|abbestell|gesperrt|d[ée]sabonn|d[ée]sinscri|\bbajas?\b|disiscri|uitgeschreven|afgemeld"
)
"""The name of a file of addresses that must not be subscribed without asking. Not `cleaned` and `removed`: so people call a
list that they have tidied."""

_NO = ("nein", "non", "não", "nao", "nee", "nej", "nei", "nie", "ei")
_NO_MOMENT = ("0000-00-00", "0000-00-00 00:00:00", "0001-01-01", "0001-01-01 00:00:00", "0001-01-01t00:00:00z")
_NOTHING = ("-", "–", "n/a", "na", "null", "none", "nil", "never", *_NO_MOMENT)
NOT_MAILED = Standings(
    flag(Wanted.UNSUBSCRIBED) | dict.fromkeys((*_NO, *_NOTHING), Wanted.SUBSCRIBED), other=Wanted.UNSUBSCRIBED
)
"""A column that says who is not to be mailed: yes, no, or when they left; a program writes nothing in many ways."""

_EMAIL = (
    "email",
    "e-mail",
    "email address",
    "e-mail address",
    "email_address",
    "emailaddress",
    "subscriber email",
    "e-mail-adresse",
    "email-adresse",
    "mailadresse",
    "adresse e-mail",
    "adresse email",
    "adresse mail",
    "courriel",
    "correo",
    "correo electrónico",
    "dirección de correo electrónico",
    "indirizzo email",
    "indirizzo e-mail",
    "e-mailadres",
    "e-post",
    "e-postadress",
    "endereço de email",
    "e-mail 1 - value",
    # These may say something else where one of those above is there.
    "mail",
    "subscriber",
)
_FIRST = ("first name", "first_name", "firstname", "fname", "given name", "forename")
_LAST = ("last name", "last_name", "lastname", "lname", "surname", "family name")

GUESSES: Mapping[str, str] = {
    **dict.fromkeys(_EMAIL, "email"),
    **dict.fromkeys(("name", "full name", "full_name", "fullname", "display name", "nom complet"), "name"),
    **dict.fromkeys((*_FIRST, "vorname", "prénom", "prenom", "nombre", "voornaam", "förnamn"), "first_name"),
    **dict.fromkeys((*_LAST, "nachname", "apellido", "apellidos", "cognome", "achternaam", "efternamn"), "last_name"),
    **dict.fromkeys(("tags", "tag", "labels", "label", "groups"), "tags"),
    **dict.fromkeys(("status", "subscription status", "email status", "statut", "subscriber status"), "status"),
    **dict.fromkeys(("email marketing status", "email subscriber status", "marketing status"), "status"),
    **dict.fromkeys(("subscribed", "subscribed_to_emails", "accepts marketing", "accepts email marketing"), "status"),
    **dict.fromkeys(
        ("date", "subscribed at", "subscribed_at", "date subscribed", "created_at", "created at", "signup date"), "date"
    ),
    **dict.fromkeys(("sign-up date", "optin_time", "opt-in date", "confirmed_at", "date added", "joined"), "date"),
    **dict.fromkeys(("anmeldedatum", "date d'inscription", "fecha de alta", "data di iscrizione"), "date"),
    **dict.fromkeys(
        ("unsubscribed", "opted out", "opt-out", "opt_out", "opted_out", "do not mail", "unsubscribed_at"), "not_mailed"
    ),
    **dict.fromkeys(("unsubscribed at", "unsubscribe date", "blacklisted", "blocklisted"), "not_mailed"),
    **dict.fromkeys(("abgemeldet", "abmeldedatum", "date de désinscription", "fecha de baja"), "not_mailed"),
}
"""What a column probably is; it is shown, and asked."""

MAY_BE_ADDRESSES = re.compile(
    r"\A(?!'|.*(?:[,;|\t\"]|name|type|status|opt|consent|market|sent|open|click|count|valid|verif|date|time|source|owner|subject|bounce|unsub|list))"
    r".*(?:e-?mail|courriel|\bcorreo|e-?post\b)"
)
"""A column without a name that people use for it, such as `What is your email?`; it counts when there is one such."""
