"""Quoted-printable pieces: they decode to what was said, in whatever order they are joined."""

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.message.quoted import quoted

words = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from(" .F\n=\tFrom xé\U0001f980"), max_size=200
)


def decoded(encoded: bytes) -> str:
    return quopri.decodestring(encoded).decode().replace("\r\n", "\n")


def canonical(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(words, max_size=6))
@example(["Hello ", "", "Zoë", ",\n"])
@example(["a" * 72, "." * 200, "From me", "\n", "From you"])
@example(["trailing \n", "\t", " ", "\U0001f9d1\u200d", "\U0001f680" * 60])
def test_pieces_decode_to_their_texts_joined(texts: list[str]) -> None:
    assert decoded(b"".join(quoted(text) for text in texts)) == "".join(canonical(text) for text in texts)


@given(st.lists(words, max_size=6))
@example(["=" * 300])
@example([("." * 73 + "\n") * 3 + "." * 75])
@example(["x" * 72 + ".", "x" * 71 + "From " * 9])
def test_pieces_are_lines_that_any_mail_server_leaves_alone(texts: list[str]) -> None:
    encoded = b"".join(quoted(text) for text in texts)

    assert encoded.isascii()
    assert b"\n" not in encoded.replace(b"\r\n", b"")
    assert b"\r" not in encoded.replace(b"\r\n", b"")
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert line == line.rstrip(b" \t")


def test_a_piece_ends_where_the_next_can_begin() -> None:
    assert quoted("") == b""
    assert quoted("Hello") == b"Hello=\r\n"
    assert quoted("Hello\n") == b"Hello\r\n"
    assert quoted("Zoë, 1 = 1") == b"Zo=C3=AB, 1 =3D 1=\r\n"


def test_dots_and_from_at_the_start_of_a_line_are_encoded() -> None:
    assert quoted(".\n..\nFrom me\nFromage. From") == b"=2E\r\n=2E.\r\n=46rom me\r\nFromage. From=\r\n"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        quoted("\ud83d")
