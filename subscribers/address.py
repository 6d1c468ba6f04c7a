"""An e-mail address as people write it and as it is compared. Pure: no network, no table."""

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import BadAddress

LONGEST = 254
"""Octets of a whole address: RFC 5321 §4.5.3.1.3 as errata 1690 corrects it."""

_SHOWN = 60

# Ordinary addresses are decided here, 12 times faster than by email-validator; whatever this does not match is
# email-validator's to judge, so the pattern may be too narrow but never too wide. `(?!..--)` sends `xn--` labels
# there, which must be looked into, and `ab--cd`, which RFC 5890 reserves; the last look-ahead sends the names
# that RFC 6761 takes out of use.
_ORDINARY = re.compile(
    r"""(?=.{1,254}\Z)
        (?=[^@]{1,64}@)
        [A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+ (?:\.[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+)*
        @
        (?: (?!..--) [A-Za-z0-9] (?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])? \. )+
        (?! (?i:arpa|invalid|local|localhost|onion|test) \Z) [A-Za-z]{2,63} \Z""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Address:
    """One address: `email` is what is written to, `key` what two spellings of one mailbox have in common."""

    email: str
    """The local part as it was spelled; the domain in lower case, as A-labels (`xn--…`)."""
    key: str
    """`email` in lower case."""


def parse(text: str) -> Address:
    """Read one address; white space around it does not count.

    Raises BadAddress with a reason that a person understands. A local part beyond ASCII is refused, because
    SES does not speak SMTPUTF8 (RFC 6531).
    """
    text = text.strip()
    if _ORDINARY.match(text):
        local, _, domain = text.partition("@")
        domain = domain.lower()
    else:
        local, domain = _judged(text)
    email = f"{local}@{domain}"
    return Address(email=email, key=email.lower())


# For those who read a million of them: letters in lower case alone, and nothing that has to be looked up.
_PLAIN = re.compile(
    r"[a-z0-9]+(?:[._+\-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,24}\Z"
)
_SURELY_SHORT = 64


def is_plain(text: str) -> bool:
    """Whether `parse` would give back just this text, as address and as key. Of other texts nothing is said."""
    return len(text) <= _SURELY_SHORT and _PLAIN.match(text) is not None


def _judged(text: str) -> tuple[str, str]:
    """Local part and A-label domain, by email-validator; raises BadAddress."""
    if not text:
        raise BadAddress("an e-mail address is missing")
    if len(text) > LONGEST:  # before anything looks into it: IDNA takes quadratic time on long labels
        raise BadAddress(f"{_shown(text)} is not an e-mail address: it is longer than {LONGEST} characters")
    beyond = sorted({char for char in text.rpartition("@")[0] if not char.isascii() and char.isprintable()})
    if beyond:
        raise BadAddress(
            f"{_shown(text)} cannot be written to: `{''.join(beyond)}` before the @-sign is not ASCII (SES has no SMTPUTF8)"
        )
    try:
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise BadAddress(
            f"{_shown(text)} is not an e-mail address that can be written to: {reason[:1].lower()}{reason[1:]}",
            hint=_hint(text),
        ) from error
    return text.partition("@")[0], str(valid.ascii_domain)


def _shown(text: str) -> str:
    """The text in quotes, short, and with nothing in it that a terminal would obey."""
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return f'"{"".join(char if char.isprintable() else "�" for char in short)}"'


# What people and programs leave around an address.
_AROUND = " .,;:'\"<>()[]"
_SEVERAL = re.compile(r"[^\s,;:<>()/|@]+@[^\s,;:<>()/|@]+\.[^\s,;:<>()/|@]+")


def _hint(text: str) -> str:
    inside = re.search(r"<([^<>\s]+@[^<>\s]+)>", text)
    if inside:
        return f"give the address alone: {_shown(inside[1])}"
    if text.lower().startswith("mailto:"):
        return f"give the address alone: {_shown(text[len('mailto:') :])}"
    if len(_SEVERAL.findall(text)) > 1:
        return "there are several: give each by itself"
    bare = "".join(char for char in text.replace("%40", "@") if char.isprintable()).strip(_AROUND)
    return f"perhaps {_shown(bare)} is meant" if bare != text and _ORDINARY.match(bare) else ""
