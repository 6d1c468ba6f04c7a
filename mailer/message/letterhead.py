"""The header fields that every letter of an edition shares, checked and written once."""

from dataclasses import dataclass

from mailer.errors import RenderError
from mailer.message import headers
from mailer.rendering.edition import Edition, Only, Slot
from mailer.rendering.slots import fill


@dataclass(frozen=True)
class Shared:
    """Header fields with their CRLF."""

    sender: str
    reply_to: str
    """Empty when answers go to the sender."""
    subject: str
    """Empty when it differs from person to person."""
    list_id: str


def shared_fields(edition: Edition) -> Shared:
    """What is the same for all. Raises RenderError naming what cannot stand in a header, and where it is mended."""
    head = edition.letterhead
    settings = f"Mend it in issues/{head.newsletter}/newsletter.yaml."
    for what, words in (("the sender's name", head.from_name), ("the newsletter's title", head.title)):
        _must_be_fit(what, words, settings)
    for what, address in (("the sender's address", head.from_email), ("the reply-to address", head.reply_to)):
        if not headers.is_address(address) and (address or address is head.from_email):
            raise RenderError(
                f"{what} {address!r} is not one that a letter can carry: name@domain in plain ASCII", hint=settings
            )
    list_id = f"{head.newsletter}.{head.from_email.rpartition('@')[2]}"
    if not headers.is_list_id(list_id):
        raise RenderError(f"the newsletter's name {head.newsletter!r} cannot stand in a List-Id", hint=settings)
    return Shared(
        sender=headers.phrase_and_angle("From", headers.tame(head.from_name), head.from_email) + "\r\n",
        reply_to=headers.phrase_and_angle("Reply-To", "", head.reply_to) + "\r\n" if head.reply_to else "",
        subject=_subject(edition),
        list_id=headers.phrase_and_angle("List-Id", headers.tame(head.title), list_id) + "\r\n",
    )


def _subject(edition: Edition) -> str:
    where = f"Mend it in the front matter of issue {edition.issue}."
    if any(isinstance(piece, Only) for piece in edition.subject):
        raise RenderError("the subject has a part that is only for some", hint=where)
    for words in (
        piece if isinstance(piece, str) else piece.fallback
        for piece in edition.subject
        if isinstance(piece, str | Slot)
    ):
        _must_be_fit("the subject", words, where)
    bare = fill(edition.subject, {}, ())
    _must_be_fit("the subject", bare, where)
    if not bare.strip():
        raise RenderError("the subject is empty", hint=where)
    personal = any(isinstance(piece, Slot) for piece in edition.subject)
    return "" if personal else headers.unstructured("Subject", headers.tame(bare)) + "\r\n"


def _must_be_fit(what: str, words: str, hint: str) -> None:
    trouble = headers.trouble(words)
    if trouble:
        raise RenderError(f"{what} cannot stand in a header: {trouble}", hint=hint)
