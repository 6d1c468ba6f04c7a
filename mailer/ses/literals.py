"""Makes an inline template of a skeleton: text that SES's template language leaves alone, and names for values.

The language is Handlebars with nothing but simple substitution. In it `{{` opens a slot, `{{{x}}` and `{{x}}}` do not
parse, and a backslash before a slot makes text of it. So whatever could touch a slot, or be taken for one, becomes a
slot whose value is that very text. Values are put in as they are: SES escapes nothing, and reads no slots in them.
"""

import re
from collections.abc import Container, Iterator

from mailer.rendering.edition import Only, Skeleton, Slot

# Runs with `{{` in them, and all braces and backslashes that touch them.
_OPENS = r"[\\{]*\{\{[\\{]*\}*"
_TOUCHES_THE_SLOT_BEFORE = r"\A\}+"
_TOUCHES_THE_SLOT_BEHIND = r"[\\{]+\Z"


class Names:
    """The names of values: one for each slot, and one for each text that stands for itself."""

    def __init__(self) -> None:
        self.slots: dict[Slot, str] = {}
        self.texts: dict[str, str] = {}

    def of_slot(self, slot: Slot) -> str:
        """The name of a subscriber's value."""
        return self.slots.setdefault(slot, f"v{len(self.slots)}")

    def of_text(self, text: str) -> str:
        """The name of a text that is the same for all."""
        return self.texts.setdefault(text, f"t{len(self.texts)}")


def template(skeleton: Skeleton, segments: Container[str], names: Names) -> str:
    """The template for the people of `segments`; `names` learns what it takes to fill it."""
    pieces = list(_joined(_chosen(skeleton, segments)))
    made: list[str] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, Slot):
            made.append(_slot(names.of_slot(piece)))
            continue
        # Joined texts: whatever stands beside a text is a slot.
        made.append(_protected(piece, names, after=number > 0, before=number + 1 < len(pieces)))
    return "".join(made)


def _protected(text: str, names: Names, *, after: bool, before: bool) -> str:
    runs = [
        *([_TOUCHES_THE_SLOT_BEFORE] if after else []),
        _OPENS,
        *([_TOUCHES_THE_SLOT_BEHIND] if before else []),
    ]
    return re.sub("|".join(runs), lambda found: _slot(names.of_text(found[0])), text)


def _slot(name: str) -> str:
    return "{{" + name + "}}"


def _chosen(skeleton: Skeleton, segments: Container[str]) -> Iterator[str | Slot]:
    for piece in skeleton:
        if not isinstance(piece, Only):
            yield piece
        elif piece.segment in segments:
            yield from _chosen(piece.pieces, segments)


def _joined(pieces: Iterator[str | Slot]) -> Iterator[str | Slot]:
    """The same, with neighbouring texts as one: two single braces make an opening one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        text = ""
        yield piece
    if text:
        yield text
