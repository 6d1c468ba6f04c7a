"""Any text around any slot arrives as it was written."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.template import fill as filled_by_ses
from mailer.local_ses.template import parse
from mailer.rendering.edition import Only, Place, Skeleton, Slot
from mailer.rendering.slots import escape, fill, value_for
from mailer.ses.literals import Names, template

NAMES = st.sampled_from(["name", "city"])
TEXTS = st.text(st.sampled_from("{}\\ ab!#/^>&~\n'\"é"), max_size=12) | st.text(max_size=12)
SLOTS = st.builds(Slot, NAMES, st.sampled_from(Place), TEXTS)
PIECES = st.recursive(
    TEXTS | SLOTS,
    lambda pieces: st.builds(Only, st.sampled_from(["a", "b"]), st.lists(pieces, max_size=4).map(tuple)),
    max_leaves=12,
)


def _arrived(skeleton: Skeleton, values: dict[str, str], segments: set[str]) -> str:
    names = Names()
    source = template(skeleton, segments, names)
    data = {name: text for text, name in names.texts.items()}
    data |= {name: escape(value_for(slot, values), slot.place) for slot, name in names.slots.items()}
    return filled_by_ses(parse(source), json.loads(json.dumps(data)))


@given(
    skeleton=st.lists(PIECES, max_size=8).map(tuple),
    values=st.fixed_dictionaries({"name": TEXTS, "city": TEXTS}),
    segments=st.sets(st.sampled_from(["a", "b"])),
)
def test_any_text_around_any_slot_arrives_as_written(
    skeleton: Skeleton, values: dict[str, str], segments: set[str]
) -> None:
    assert _arrived(skeleton, values, segments) == fill(skeleton, values, segments)


def test_what_ses_takes_for_its_own_becomes_a_value_and_the_rest_stays() -> None:
    name = Slot("name", Place.TEXT)
    names = Names()
    written = ("a { b } c {{x}} \\{{{ d{", name, "} \\", name, "\\ end \\")
    assert template(written, (), names) == "a { b } c {{t0}}x}} {{t1}} d{{t2}}{{v0}}{{t3}} {{t4}}{{v0}}\\ end \\"
    assert names.texts == {"{{": "t0", "\\{{{": "t1", "{": "t2", "}": "t3", "\\": "t4"}
    assert names.slots == {name: "v0"}


def test_two_texts_that_make_an_opening_brace_together_are_protected() -> None:
    assert _arrived(("{", "{name}}"), {}, set()) == "{{name}}"
    assert _arrived(("{", Only("a", ("{",)), "x"), {}, {"a"}) == "{{x"


def test_values_are_not_read_for_slots() -> None:
    assert _arrived((Slot("name", Place.TEXT),), {"name": "{{city}} \\{{"}, set()) == "{{city}} \\{{"
