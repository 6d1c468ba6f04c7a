"""Which column of a sheet says what: by the service that wrote it, by `--map`, or by a guess that a person is shown."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from subscribers.errors import BadImport, BadValue
from subscribers.exports import COLUMNS as OURS
from subscribers.exports import FIELD, unguarded
from subscribers.imports.guesses import (
    ANY_FILE_NAME,
    ANY_STATUS,
    GUESSES,
    MAY_BE_ADDRESSES,
    NOT_MAILED,
    WHEN,
    YES_NO_OR_WHEN,
)
from subscribers.imports.layout_mistakes import (
    refuse_a_name_that_says_who_left,
    refuse_to_pass_over,
    refuse_what_cannot_be,
    where,
)
from subscribers.imports.refusals import COLUMNS as REFUSED
from subscribers.imports.services import SERVICES, Service, Standings
from subscribers.imports.sheets import Sheet, normal
from subscribers.imports.wanted import Everybody, Wanted
from subscribers.values import RESERVED_FIELDS, clean_field_name

PLAIN = ("email", "name", "tags")
"""What a plain file may say: nobody has to be asked about it."""
ONCE = ("email", "name", "first_name", "last_name")
NAMES = ("name", "first_name", "last_name")
ROLES = (*ONCE, "status", "tags", "date", "left", "not_mailed")
LEAVE_OUT = "-"

_OUR_STATUS = Standings(
    {"subscribed": Wanted.SUBSCRIBED, "unconfirmed": Wanted.UNCONFIRMED, "unsubscribed": Wanted.UNSUBSCRIBED}
)
_STANDINGS = {"status": ANY_STATUS, "not_mailed": NOT_MAILED}


@dataclass(frozen=True)
class Layout:
    """What each column of a sheet says."""

    service: str
    """Who wrote it, as a person knows them; empty: by `--map` or a guess."""
    guessed: bool
    """Whether a person should look at it before anything happens."""
    width: int
    roles: Mapping[int, str]
    standings: Mapping[int, Standings]
    always: Wanted
    fields: Mapping[int, str]
    """Columns that become custom fields, and their names there."""
    left_out: Sequence[str]
    quoted_tags: bool = False
    guarded: bool = False
    """Whether cells have a `'` before what a spreadsheet would take for a formula."""
    ours: bool = False
    """An export of ours, with everything in it."""

    def of(self, role: str) -> list[int]:
        """Where a role is, in the order of the service's preference or the sheet's."""
        return [position for position, each in self.roles.items() if each == role]


def laid_out(sheet: Sheet, maps: Mapping[str, str], *, keep_fields: bool, everybody: Everybody | None = None) -> Layout:
    """What each column says; `maps` are a person's own words: column -> role, field or `-`; `everybody`: of all rows.

    Raises BadImport when there is no column with addresses, or a word of `maps` fits nothing.
    """
    names = [normal(name) for name in sheet.header]
    guarded = names[: len(REFUSED)] == list(REFUSED)
    known = dict.fromkeys(range(len(REFUSED)), "") if guarded else dict[int, str]()
    if guarded:
        names = [normal(unguarded(name)) for name in sheet.header]
    given = _given(sheet, names, maps, first=len(known))
    ours = set(OURS) <= set(names)
    service = None if ours else next((each for each in SERVICES if each.headers <= set(names)), None)
    if ours:
        roles = _positions(names, {"email": "email", "name": "name", "tags": "tags"})
    elif service is not None:
        roles = _of_service(names, service)
    else:
        roles = _guessed(names, likely=not sheet.further_down)
    free = {position: role for position, role in roles.items() if position not in given and position not in known}
    taken = {role for role in given.values() if role in ROLES}
    roles = {position: role for position, role in free.items() if role not in taken}
    roles |= {position: role for position, role in given.items() if role in ROLES}
    standings = _standings(names, roles, service, given, ours=ours)
    fields = {position: role for position, role in given.items() if role not in ROLES and role != LEAVE_OUT}
    rest = [
        position
        for position, name in enumerate(names)
        if name and position not in {*known, *roles, *standings, *fields, *given} and not (ours and name in OURS)
    ]
    if ours:
        mine = [position for position in rest if sheet.header[position].startswith((FIELD, "fields."))]
        fields |= {position: re.sub("^(field:|fields[.])", "", sheet.header[position]) for position in mine}
        rest = [position for position in rest if position not in mine]
    elif service is None or not service.says_who_is_mailed:
        refuse_to_pass_over(sheet, names, rest)
    if keep_fields and not ours:
        fields |= _field_names(sheet.header, rest, fields)
        rest = []
    refuse_what_cannot_be(sheet, names, roles, given, once=ONCE)
    always = _always(service, sheet.name, everybody, ours=ours)
    if not (service or ours or standings or everybody) and always is Wanted.SUBSCRIBED:
        refuse_a_name_that_says_who_left(sheet)
    return Layout(
        service="mailer" if ours else service.name if service else "",
        guessed=service is None and not ours and not _is_plain(names, known, given),
        width=len(names),
        roles=dict(sorted(roles.items(), key=lambda pair: (_preference(service, names[pair[0]]), pair[0]))),
        standings=standings,
        always=always,
        fields=fields,
        left_out=[sheet.header[position] for position in rest],
        quoted_tags=service is not None and service.quoted_tags,
        guarded=guarded or (ours and not sheet.is_json),
        ours=ours,
    )


def field_name(header: str) -> str:
    """A column's name as that of a custom field, such that issues can use it: `Plan (monthly)` is `plan_monthly`."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    if not name[:1].isalpha():
        name = f"field_{name}".rstrip("_")
    return f"{name}_imported"[:64] if name in RESERVED_FIELDS else name[:64]


def _given(sheet: Sheet, names: Sequence[str], maps: Mapping[str, str], *, first: int) -> dict[int, str]:
    """What a person said. `#1` is the column at `first`: the same command must do for the file of what was refused."""
    found: dict[int, str] = {}
    for column, role in maps.items():
        number = re.fullmatch(r"#(\d{1,6})", column)
        positions = [position for position, name in enumerate(names) if name == normal(column) and position >= first]
        if number and first < first + int(number[1]) <= len(names):
            positions = [first + int(number[1]) - 1]
        if not positions:
            raise BadImport(
                f"{where(sheet)}: there is no column `{column}`",
                hint=f"its columns are {', '.join(f'`{name}`' for name in sheet.header[first:] if name)}",
            )
        if len(positions) > 1:
            raise BadImport(
                f"{where(sheet)}: the column `{column}` is there {len(positions)} times",
                hint=f"say which by its number: --map '#{positions[0] - first + 1}={role}'",
            )
        try:
            found[positions[0]] = role if role in (*ROLES, LEAVE_OUT) else clean_field_name(role)
        except BadValue as error:
            raise BadImport(f"--map {column}={role}: {error}", hint=error.hint) from error
    return found


def _positions(names: Sequence[str], roles: Mapping[str, str]) -> dict[int, str]:
    """Where the roles are. The first column of a name is taken; for what is there once, the name that `roles` has first.

    Of columns that say who is mailed all are taken: the graver word holds.
    """
    best: dict[str, str] = {}
    for name, role in roles.items():
        if role in ONCE and name in names:
            best.setdefault(role, name)
    found: dict[int, str] = {}
    for position, name in enumerate(names):
        role = roles.get(name)
        again = name in names[:position] and role not in _STANDINGS
        if role and not again and best.get(role, name) == name:
            found[position] = role
    return found


def _of_service(names: Sequence[str], service: Service) -> dict[int, str]:
    """The roles that a service declares; people's own words for address and name where it has none of its own there.

    Mailchimp writes the labels of its own form above these columns, in whatever language the form is.
    """
    roles = _positions(names, service.roles)
    lacking = {"email"} - set(roles.values())
    lacking |= set() if set(roles.values()) & set(NAMES) else set(NAMES)
    more = _guessed(names, lacking)
    return {**more, **roles}


def _guessed(names: Sequence[str], lacking: Collection[str] = ROLES, *, likely: bool = True) -> dict[int, str]:
    """What the columns probably are; the only one that is `likely` to hold addresses, where none surely does."""
    roles = _positions(names, {name: role for name, role in GUESSES.items() if role in lacking})
    maybe = [position for position, name in enumerate(names) if MAY_BE_ADDRESSES.search(name)]
    if likely and "email" in lacking and "email" not in roles.values() and len(maybe) == 1:
        roles[maybe[0]] = "email"
    return roles


def _preference(service: Service | None, name: str) -> int:
    order = list(service.roles) if service else []
    return order.index(name) if name in order else len(order)


def _standings(
    names: Sequence[str], roles: dict[int, str], service: Service | None, given: Mapping[int, str], *, ours: bool
) -> dict[int, Standings]:
    declared: Mapping[str, Standings] = service.standings if service else {}
    if service is None:  # what `subscribers list` says has a column of that name too
        declared = {"suppressed": Standings(_OUR_SUPPRESSIONS)}
    if ours:
        declared = {"status": _OUR_STATUS, **declared}
    found = {
        position: declared[name] for position, name in enumerate(names) if name in declared and position not in given
    }
    for position, role in roles.items():
        if role in _STANDINGS:
            found[position] = YES_NO_OR_WHEN if role == "status" and names[position] in WHEN else _STANDINGS[role]
    # Where nothing else says who left, whoever has a moment there did.
    return found or {position: NOT_MAILED for position, role in given.items() if role == "left"}


_OUR_SUPPRESSIONS = {
    "": Wanted.SUBSCRIBED,
    "left-all": Wanted.LEFT_ALL,
    "undeliverable": Wanted.UNDELIVERABLE,
    "operator": Wanted.OPERATOR,
    "bounced": Wanted.BOUNCED,
    "complained": Wanted.COMPLAINED,
}


def _always(service: Service | None, name: str, everybody: Everybody | None, *, ours: bool) -> Wanted:
    base = PurePosixPath(name.replace("\\", "/")).name.lower()
    names: Mapping[str, Wanted] = {}
    if everybody is not Everybody.SUBSCRIBED and not ours:
        names = service.file_names if service else ANY_FILE_NAME
    said = [wanted for begin, wanted in names.items() if base.startswith(begin)]
    declared = service.always if service else Wanted.SUBSCRIBED
    return max(declared, *said, everybody.wanted if everybody else Wanted.SUBSCRIBED, Wanted.SUBSCRIBED)


def _field_names(header: Sequence[str], rest: Sequence[int], taken: Mapping[int, str]) -> dict[int, str]:
    found: dict[int, str] = {}
    used = set(taken.values())
    for position in rest:
        name = plain = field_name(header[position].removeprefix("fields."))
        again = 2
        while name in used:
            name = f"{plain[:60]}_{again}"
            again += 1
        used.add(name)
        found[position] = name
    return found


def _is_plain(names: Sequence[str], known: Mapping[int, str], given: Mapping[int, str]) -> bool:
    mine = [name for position, name in enumerate(names) if position not in known and position not in given]
    return all(name in PLAIN for name in mine) and len(set(mine)) == len(mine)
