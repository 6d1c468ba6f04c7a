"""A notice, rendered as an issue is: Jinja2, MJML and premailer once, and a slot for its link."""

import hashlib
from dataclasses import dataclass

from mailer.errors import RenderError
from mailer.issues.model import Newsletter
from mailer.rendering.edition import Edition, Letterhead, Place, Slot
from mailer.rendering.frame import direction_of
from mailer.rendering.inline import inline_css
from mailer.rendering.inlines import with_address
from mailer.rendering.markup import draw_page, to_html
from mailer.rendering.notice_words import notice_words
from mailer.rendering.plaintext import wrap
from mailer.rendering.slots import clean
from mailer.rendering.theme import Theme
from mailer.rendering.tokens import Tokens, choose_mark, split_html

PAGE = "_notice.mjml.j2"
LINK = "link_url"
"""The one slot of a notice: where its button leads."""


@dataclass(frozen=True)
class NoticeView:
    """A notice as its template sees it: finished words, none of them a person's."""

    language: str
    direction: str
    title: str
    subject: str
    heading: str
    first: str
    second: str
    button: str
    """Empty: there is nothing to do."""
    why: str
    published: str
    postal_address: str


def render_notice(newsletter: Newsletter, theme: Theme, kind: str, *, days: int) -> Edition:
    """The notice of this kind in the name of a newsletter, the same for everybody but for the slot `LINK`.

    It is an Edition without an issue (its number is 0); `days` is how long its button works. Raises RenderError for a
    mistake in the theme, with its file and line.
    """
    view = _view(newsletter, theme, kind, days)
    digest = hashlib.sha256(repr((view, theme.name)).encode("utf-8", "surrogatepass")).hexdigest()
    mark = choose_mark(digest, repr(view))
    html_tokens, text_tokens = Tokens(mark), Tokens(mark)
    given: dict[str, object] = {"notice": view}
    if view.button:
        given["link"] = html_tokens.slot(Slot(LINK, Place.ATTRIBUTE))
    html = inline_css(to_html(draw_page(theme, PAGE, given), view))
    return Edition(
        issue=0,
        letterhead=Letterhead(
            newsletter=newsletter.slug,
            title=view.title,
            from_name=clean(newsletter.from_name),
            from_email=newsletter.from_email,
            reply_to=newsletter.reply_to,
            language=newsletter.language,
        ),
        subject=(view.subject,),
        html=split_html(html, html_tokens),
        text=text_tokens.split(_text(view, text_tokens)),
        source_digest=digest,
    )


def _view(newsletter: Newsletter, theme: Theme, kind: str, days: int) -> NoticeView:
    words = notice_words(newsletter.language, theme.words)
    facts = {"title": newsletter.title, "publisher": newsletter.publisher, "days": days}

    def say(part: str) -> str:
        key = f"notice_{kind}_{part}"
        try:
            return clean(words[key].format_map(facts))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            raise RenderError(
                f"the words for {key!r} cannot be filled: {words.get(key)!r}",
                hint="Words of notices may hold " + ", ".join(f"{{{name}}}" for name in facts) + ".",
            ) from error

    return NoticeView(
        language=newsletter.language.replace("_", "-"),
        direction=direction_of(newsletter.language),
        title=clean(newsletter.title),
        subject=say("subject"),
        heading=say("heading"),
        first=say("first"),
        second=say("second"),
        button=say("button") if f"notice_{kind}_button" in words else "",
        why=say("why"),
        published=clean(newsletter.publisher),
        postal_address=clean(newsletter.postal_address),
    )


def _text(view: NoticeView, tokens: Tokens) -> str:
    lines = [view.title, "=" * min(len(view.title), 72), "", wrap(view.heading), "", wrap(view.first), ""]
    if view.button:
        lines += [wrap(with_address(f"{view.button}:", tokens.slot(Slot(LINK, Place.TEXT)))), ""]
    foot = (view.why, view.published, view.postal_address)
    lines += [wrap(view.second), "", "-" * 72, "", *(wrap(line) for line in foot)]
    return "\n".join(lines) + "\n"
