"""What is said when the columns of a sheet cannot be taken for people: which column, and how to say what it means."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from subscribers.errors import BadImport
from subscribers.imports.guesses import MAY_SAY_WHO_LEFT, MAY_SAY_WHO_STAYS, NAMES_WHO_LEFT
from subscribers.imports.refusals import COLUMNS as REFUSED
from subscribers.imports.sheets import Sheet

_SHOWN = 30
"""Columns that are named: of a file of something else there may be a thousand."""


def where(sheet: Sheet) -> str:
    """The file, and the line of its header if it has one."""
    return f"{sheet.name}:{sheet.line}" if sheet.line else sheet.name


def refuse_what_cannot_be(
    sheet: Sheet, names: Sequence[str], roles: Mapping[int, str], given: Mapping[int, str], *, once: Collection[str]
) -> None:
    """Raise BadImport when no column holds addresses, or two say what there is `once`."""
    if "email" not in roles.values():
        raise BadImport(f"{where(sheet)}: no column is known to hold e-mail addresses", hint=_no_addresses(sheet))
    for role in once:
        several = [sheet.header[position] for position, each in roles.items() if each == role]
        if len(several) > 1:
            raise BadImport(f"{where(sheet)}: {role} would come from {' and '.join(f'`{name}`' for name in several)}")
    first = len(REFUSED) if tuple(names[: len(REFUSED)]) == REFUSED else 0
    again = [p for p in roles if p not in given and roles[p] in once and names.count(names[p]) > 1]
    for position in again:
        column, role = sheet.header[position], roles[position]
        raise BadImport(
            f"{where(sheet)}: the column `{column}` is there {names.count(names[position])} times",
            hint=f"say which counts, by its number: --map '#{position - first + 1}={role}'",
        )


def refuse_to_pass_over(sheet: Sheet, names: Sequence[str], rest: Sequence[int]) -> None:
    """Raise BadImport when one of the columns that nobody knows may say who is not to be mailed."""
    left = [position for position in rest if MAY_SAY_WHO_LEFT.search(names[position])]
    stays = [position for position in rest if MAY_SAY_WHO_STAYS.search(names[position]) and position not in left]
    if not left and not stays:
        return
    column = sheet.header[(left or stays)[0]]
    others = f", and {len(left) + len(stays) - 1} more like it" if len(left) + len(stays) > 1 else ""
    means = (
        f"'{column}=not_mailed' (yes, no or a date)"
        if left
        else f"'{column}=status' (subscribed, unsubscribed, yes, no)"
    )
    raise BadImport(
        f"{where(sheet)}: the column `{column}`{others} may say who is not to be mailed",
        hint=f"if it does: --map {means}; if not: --map '{column}=-'",
    )


def refuse_a_name_that_says_who_left(sheet: Sheet) -> None:
    """Raise BadImport when the name of a file may say that nobody in it is to be mailed, and nothing in it does."""
    base = PurePosixPath(sheet.name.replace("\\", "/")).name
    if NAMES_WHO_LEFT.search(base.lower()):
        raise BadImport(
            f"{sheet.name}: its name may say that nobody in it is to be mailed",
            hint="say which: --as unsubscribed (or bounced, complained), or --as subscribed if they are to be mailed",
        )


def _no_addresses(sheet: Sheet) -> str:
    if sheet.further_down:
        return f"line {sheet.further_down} seems to name the columns: delete what stands above it"
    columns = [f"`{name}`" for name in sheet.header if name]
    if len(columns) == 1 and not sheet.is_json and any(separator in columns[0] for separator in ",;\t"):
        return "each line stands between double quotes as a whole: take them off, or export it again"
    more = f", and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return f"say which: --map COLUMN=email; its columns are {', '.join(columns[:_SHOWN])}{more}"
