"""What is wrong with a segment expression, said so that a person can mend it: the place, what stands there, what could."""

import difflib
import re

from lark import Token, UnexpectedInput

from subscribers.errors import BadSegment

_STARTERS = frozenset({"_TAG", "_FIELD"})
_SIGNS = {"&": "and", "&&": "and", ",": "or", "|": "or", "||": "or", "!": "not", "-": "not"}


def pointed(expression: str, position: int, what: str, hint: str = "") -> BadSegment:
    """The mistake, the expression in one line, and a pointer under `position`, which counts from 0."""
    line = re.sub(r"\s", " ", expression)
    column = position + 1
    return BadSegment(f"segment, column {column}: {what}\n  {line}\n  {' ' * position}^", column=column, hint=hint)


def explained(expression: str, error: UnexpectedInput) -> BadSegment:
    """What the parser stumbled over, in words."""
    if not expression.strip():
        return pointed(expression, 0, "the segment is empty", 'write for example `tag:beta` or `field:plan = "pro"`')
    token = getattr(error, "token", None)
    at_end = isinstance(token, Token) and token.type == "$END"
    position = len(expression.rstrip()) if at_end else error.pos_in_stream or 0
    word = re.compile(r'"[^"]*"?|[^\s()"]+|.').match(expression, position)
    found = word[0] if word else ""
    if found.startswith('"') and not found.endswith('"', 1):
        return pointed(expression, position, "a double quote is opened and not closed")
    # One name of Lark's for the tokens that could have followed, another for the characters that could.
    expected: set[str] = set(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    if expected & _STARTERS:
        return _no_start(expression, position, found)
    stands = f"but here stands `{found}`" if found else "but the expression ends"
    opened = expression[:position].count("(") > expression[:position].count(")")
    return pointed(
        expression, position, f"{_wanted(expected, opened=opened)} should follow, {stands}", _joint(found, expected)
    )


def _wanted(expected: set[str], *, opened: bool) -> str:
    if "OPERATOR" in expected:
        return "`=` or `!=`"
    if "WORD" in expected:
        return "a word, or words in double quotes"
    if "NAME" in expected:
        return "the name of a field"
    return "`and`, `or` or `)`" if opened else "`and`, `or` or the end"


def _joint(found: str, expected: set[str]) -> str:
    """A hint where two parts stand side by side."""
    if found in _SIGNS:
        return f"did you mean `{_SIGNS[found]}`?"
    if "_AND" in expected and found[:1].isalnum() and ":" not in found:
        return "words with a space between them stand in double quotes"
    return ""


def _no_start(expression: str, position: int, found: str) -> BadSegment:
    """Where `tag:…`, `field:…`, `not` or `(` should stand."""
    missing = "`tag:…` or `field:…` should"
    if not found:
        return pointed(expression, position, f"{missing} follow, but the expression ends")
    prefix, colon, rest = found.partition(":")
    if found in (")", "=", "!=") or prefix.lower() in ("and", "or"):
        return pointed(expression, position, f"{missing} stand before `{found}`")
    if found in _SIGNS:
        return pointed(expression, position, f"{missing} stand here, not `{found}`", _joint(found, set()))
    close = difflib.get_close_matches(prefix.lower(), ["tag", "field"], n=1, cutoff=0.6)
    if colon:
        hint = f"did you mean `{close[0]}:{rest}`?" if close else "there are `tag:…` and `field:…`"
        return pointed(expression, position, f"unknown word `{prefix}:`", hint)
    after = expression[position + len(found) :].split()
    if found.lower() in ("tag", "field"):
        value = next((word for word in after if word not in ("=", "!=")), "…")
        hint = f"did you mean `{found.lower()}:{value}`?"
    elif "=" in found or after[:1] in (["="], ["!="]):
        hint = f"did you mean `field:{found}`?"
    else:
        hint = f"did you mean `tag:{found}`?"
    return pointed(expression, position, f"`{found}` is neither `tag:…` nor `field:…`", hint)
