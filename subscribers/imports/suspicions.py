"""What a person should look at before a list is mailed: addresses of a role, slips of typing, one domain too often. Refuses nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

ROLES = frozenset(
    [
        "abuse",
        "admin",
        "administrator",
        "all",
        "billing",
        "contact",
        "help",
        "hello",
        "hostmaster",
        "info",
        "jobs",
        "mail",
        "marketing",
        "no-reply",
        "noreply",
        "office",
        "postmaster",
        "press",
        "root",
        "sales",
        "security",
        "spam",
        "staff",
        "subscribe",
        "support",
        "team",
        "test",
        "webmaster",
    ]
)
"""Local parts that several people read, or nobody does: they complain more often than one person who signed up."""

LARGE = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "protonmail.com",
)
"""Mailbox services that are often misspelt."""

_REAL = frozenset(
    [
        "aol.com",
        "btinternet.com",
        "comcast.net",
        "email.com",
        "fastmail.com",
        "free.fr",
        "gmx.com",
        "gmx.de",
        "gmx.net",
        "hey.com",
        "live.com",
        "mac.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "orange.fr",
        "pm.me",
        "proton.me",
        "qq.com",
        "rocketmail.com",
        "t-online.de",
        "web.de",
        "yahoo.ca",
        "yahoo.co",
        "yahoo.de",
        "yahoo.es",
        "yahoo.fr",
        "yahoo.in",
        "yahoo.it",
        "ymail.com",
        "zmail.com",
    ]
)
"""Mailbox services that are no slip of typing, however near they are to one of the others."""

SHARE = 0.3
"""Above this share one domain stands out, unless it is a mailbox service."""
_FEW = 50
_MOST_DOMAINS = 20_000
_EXAMPLES = 5


@dataclass(frozen=True)
class Suspicion:
    """Something to look at."""

    text: str
    number: int
    """How many rows it concerns."""
    examples: Sequence[str]


@dataclass
class Suspicions:
    """Looks at the people of the files as they come."""

    people: int = 0
    _domains: Counter[str] = field(default_factory=Counter[str])
    _roles: int = 0
    _some_roles: list[str] = field(default_factory=list[str])

    def see(self, keys: Sequence[str]) -> None:
        """Look at the addresses of some more people."""
        self.people += len(keys)
        parts = [key.rpartition("@") for key in keys]
        self._domains.update([part[2] for part in parts])
        role = [key for key, part in zip(keys, parts, strict=True) if part[0] in ROLES]
        self._roles += len(role)
        if role and len(self._some_roles) < _EXAMPLES:
            self._some_roles += role[: _EXAMPLES - len(self._some_roles)]
        if len(self._domains) > _MOST_DOMAINS:
            # A list of companies has as many domains as people: those that came once are forgotten, memory stays flat.
            self._domains = Counter({domain: number for domain, number in self._domains.items() if number > 1})
            if len(self._domains) > _MOST_DOMAINS // 2:
                self._domains = Counter(dict(self._domains.most_common(_MOST_DOMAINS // 2)))

    def warnings(self) -> Iterator[Suspicion]:
        """What there is to look at."""
        if self._roles:
            yield Suspicion(f"{_addresses(self._roles)} of a role, not of a person", self._roles, self._some_roles)
        meant = _slips()
        slips = [(domain, number) for domain, number in self._domains.most_common() if domain in meant]
        if slips:
            examples = [f"{domain} (meant: {meant[domain]}?)" for domain, _ in slips[:_EXAMPLES]]
            total = sum(number for _, number in slips)
            yield Suspicion(f"{_addresses(total)} whose domain looks misspelt", total, examples)
        for domain, number in self._domains.most_common(1):
            large = domain in LARGE or domain in _REAL
            if self.people >= _FEW and number > SHARE * self.people and not large:
                yield Suspicion(f"of all addresses are at {domain}: is this list what you think it is?", number, [])


def _addresses(number: int) -> str:
    return "address" if number == 1 else "addresses"


def _slips() -> dict[str, str]:
    """Everything that is one slip of a finger away from a large mailbox service -> that service."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    found: dict[str, str] = {}
    for right in reversed(LARGE):
        splits = [(right[:i], right[i:]) for i in range(len(right) + 1)]
        near = {a + b[1:] for a, b in splits if b}
        near |= {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}
        near |= {a + letter + b[1:] for a, b in splits if b for letter in letters}
        near |= {a + letter + b for a, b in splits for letter in letters}
        found.update(dict.fromkeys(near, right))
    return {wrong: right for wrong, right in found.items() if wrong not in LARGE and wrong not in _REAL}
