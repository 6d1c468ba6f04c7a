"""Composes notices: each kind rendered once for a newsletter, and finished with its link."""

from collections.abc import Callable
from datetime import datetime

from mailer.errors import LetterError
from mailer.ledger.notices import TAG, Kind, NoticeRow
from mailer.links import Links
from mailer.message.notice_press import NoticePress
from mailer.message.press import Press
from mailer.rendering.edition import Edition
from mailer.rendering.notice import LINK
from mailer.rendering.testing import mark_as_test
from mailer.transport.base import Envelope

Render = Callable[[str, Kind], Edition]
"""The notice of a kind in the name of a newsletter, by its slug."""


def notice_letters(render: Render, links: Links, now: Callable[[], datetime]) -> Callable[[NoticeRow], Envelope]:
    """What makes the letter of a notice to a reader. It raises LetterError for an address that no letter can have."""
    presses: dict[str, NoticePress] = {}

    def compose(notice: NoticeRow) -> Envelope:
        edition = render(notice.newsletter, notice.kind)
        # By what was rendered: a newsletter.yaml that is edited while we run holds for the next notice.
        press = presses.get(edition.digest)
        if press is None:
            press = presses[edition.digest] = NoticePress(edition)
        content = press.letter(notice.email, {LINK: _link(notice, links)}, mailing=TAG, delivery=notice.tag, date=now())
        return Envelope(edition.letterhead.from_email, notice.email, content, TAG, notice.tag)

    return compose


def _link(notice: NoticeRow, links: Links) -> str:
    if notice.request_id is None:
        return ""
    match notice.kind:
        case Kind.CONFIRM:
            return links.confirm_url(notice.newsletter, notice.request_id)
        case Kind.MOVE:
            return links.move_url(notice.newsletter, notice.request_id)
        case Kind.MOVED:
            return ""
        case Kind.TEST:
            raise LetterError("a test is composed from its issue")


def test_letters(edition: Edition, links: Links, now: Callable[[], datetime]) -> Callable[[NoticeRow], Envelope]:
    """What makes a test letter of an edition: marked, with every part that is for some, and with links that change nothing."""
    marked = mark_as_test(edition)
    press = Press(marked)
    head = edition.letterhead
    test_url = links.test_url(head.newsletter, edition.issue)
    values = {"unsubscribe_url": test_url, "preferences_url": test_url, "view_url": f"{test_url}/view"}

    def compose(notice: NoticeRow) -> Envelope:
        content = press.letter(
            to_email=notice.email,
            to_name="",
            values=values,
            segments=marked.segments,
            unsubscribe_url=test_url,
            message_id=press.message_id(TAG, notice.tag),
            date=now(),
        )
        return Envelope(head.from_email, notice.email, content, TAG, notice.tag)

    return compose
