"""The kinds of section that a theme declares, and declarations that are wrong."""

from pathlib import Path

import pytest

from mailer.errors import ContentErrors, NotFound
from mailer.issues.attributes import Address, Choice, Range, Words
from mailer.issues.kinds import Kind, read_kinds


def declare(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.mjml.j2").write_text(text)
    return folder


def test_a_declaration_becomes_a_kind(tmp_path: Path) -> None:
    declare(tmp_path / "plain", "lead", "{#\nabout: Leads\nparts: [text]\n#}")
    declare(
        tmp_path / "plain",
        "poll",
        """\
{#-
about: A question to the readers
attributes: {votes: 0..10, kicker: text, more: url, side: [left, right], cold: -9..-1}
parts: [headline, text]
needs: [text]
columns: 2
beside: lead
label: "Poll: yours"
-#}
<mj-section>{# about: not this one #}</mj-section>
""",
    )
    assert read_kinds([tmp_path / "plain"]) == {
        "lead": Kind("lead", "Leads", {}, frozenset({"text"}), frozenset()),
        "poll": Kind(
            "poll",
            "A question to the readers",
            {"votes": Range(0, 10), "kicker": Words(), "more": Address(), "side": Choice(("left", "right")), "cold": Range(-9, -1)},
            frozenset({"headline", "text"}),
            frozenset({"text"}),
            columns=2,
            beside="lead",
            label="Poll: yours",
        ),
    }  # fmt: skip


def test_what_does_not_begin_with_a_declaration_is_no_kind(tmp_path: Path) -> None:
    theme = declare(tmp_path / "plain", "prose", "{#\nabout: Words\nparts: [text]\n#}")
    declare(theme, "_footer", "{#\nabout: A part of the page\nparts: [text]\n#}")
    declare(theme, "page", "<mjml>{#\nabout: Words\nparts: [text]\n#}</mjml>")
    declare(theme, "comment", "{# Note: drawn by hand #}")
    declare(theme, "empty", "")
    (theme / "notes.txt").write_text("{#\nabout: Words\nparts: [text]\n#}")
    assert list(read_kinds([theme])) == ["prose"]


def test_the_theme_goes_before_its_fall_backs_and_they_may_be_missing(tmp_path: Path) -> None:
    theme = declare(tmp_path / "plain", "prose", "{#\nabout: Ours\nparts: [text]\n#}")
    shared = declare(tmp_path / "_shared", "prose", "{#\nabout: Theirs\nparts: [text]\n#}")
    declare(shared, "image", "{#\nabout: A picture\nparts: [image]\n#}")
    kinds = read_kinds([theme, tmp_path / "nowhere", shared])
    assert {name: kind.about for name, kind in kinds.items()} == {"prose": "Ours", "image": "A picture"}


def test_an_unknown_theme_is_not_found_and_the_one_meant_is_named(tmp_path: Path) -> None:
    declare(tmp_path / "morning-post", "prose", "")
    (tmp_path / "_shared").mkdir()
    with pytest.raises(NotFound) as caught:
        read_kinds([tmp_path / "mornign-post", tmp_path / "_shared"])
    assert caught.value.hint == "did you mean 'morning-post'?"
    with pytest.raises(NotFound) as caught:
        read_kinds([tmp_path / "xyz"])
    assert str(caught.value) == f"there is no theme 'xyz': {tmp_path / 'xyz'} is no folder"
    assert caught.value.hint == "themes there: morning-post"


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("parts: [text]", ["2:1: 'about' is missing: a writer who asks what this kind is for reads it"]),
        ("about: x", ["2:1: 'parts' is missing: it may hold headline, standfirst, text, quote, figures, items, image, button"]),
        ("about: x\nparts: [text, tabel]", ["3:15: unknown part 'tabel' (there is button, figures, headline, image, items, quote, standfirst, text)"]),
        ("about: x\nparts: [headlin]", ["3:9: unknown part 'headlin', did you mean 'headline'?"]),
        ("about: x\nparts: text", ["3:8: parts must be a list, such as [one, two], not 'text'"]),
        ("about: x\nparts: [text]\nneeds: [quote]", ["4:8: needs 'quote', which is not among its parts"]),
        ("about: x\nparts: [text]\ncolumns: 5", ["4:10: columns must be between 1 and 4, not 5"]),
        ("about: x\nparts: [text]\nbeside: lead", ["4:9: unknown kind 'lead' (there is poll)"]),
        ("about: x\nparts: [text]\nneds: [text]", ["4:1: unknown key 'neds', did you mean 'needs'?"]),
        ("about: x\nparts: [text]\nattributes: {only: text}", ["4:14: 'only' cannot be an attribute's name: every kind takes 'only' already"]),
        ("about: x\nparts: [text]\nattributes: {My: text}", ["4:14: 'My' cannot be an attribute's name: it is lower-case letters and hyphens"]),
        ("about: x\nparts: [text]\nattributes: {rating: 10..0}", ["4:22: the type of 'rating' must be text, url, a range such as 0..10, or a list such as [one, two]"]),
        ("about: x\nparts: [text]\nattributes: {a: texd, b: []}", [
            "4:17: the type of 'a' must be text, url, a range such as 0..10, or a list such as [one, two]",
            "4:26: the type of 'b' must be text, url, a range such as 0..10, or a list such as [one, two]",
        ]),
        ("about: x: y\nparts: [text]", ['2:9: this is not YAML: mapping values are not allowed here: a value that holds ": " stands in "quotes"']),
    ],
)  # fmt: skip
def test_a_malformed_declaration_is_reported_at_its_place(
    declaration: str, expected: list[str], tmp_path: Path
) -> None:
    theme = declare(tmp_path / "plain", "poll", f"{{#\n{declaration}\n#}}\n")
    path = theme / "poll.mjml.j2"
    with pytest.raises(ContentErrors) as caught:
        read_kinds([theme])
    assert str(caught.value) == "\n".join(f"{path}:{each}" for each in expected)


def test_every_malformed_declaration_is_reported_at_once(tmp_path: Path) -> None:
    theme = declare(tmp_path / "plain", "a", "{# about: x #}")
    declare(theme, "b", "{#\nparts: [text]\n#}")
    declare(theme, "C", "{#\nabout: x\nparts: [text]\n#}")
    with pytest.raises(ContentErrors) as caught:
        read_kinds([theme])
    assert [(each.path.name, each.line, each.column) for each in caught.value.mistakes] == [
        ("C.mjml.j2", 1, 1),
        ("a.mjml.j2", 1, 4),
        ("b.mjml.j2", 2, 1),
    ]
