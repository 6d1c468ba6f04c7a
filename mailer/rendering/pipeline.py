"""From an issue to its edition: Jinja2, MJML and premailer once for everybody, slots for what differs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from time import perf_counter

from mailer.issues.model import Inlines, Issue, Personal
from mailer.rendering.edition import Edition, Letterhead, Piece, Place, Skeleton, Slot
from mailer.rendering.frame import frame
from mailer.rendering.inline import inline_css
from mailer.rendering.inlines import said
from mailer.rendering.layout import arrange, quoted
from mailer.rendering.markup import draw_mjml, to_html
from mailer.rendering.plaintext import write_text
from mailer.rendering.slots import clean, fill
from mailer.rendering.theme import Theme
from mailer.rendering.tokens import Tokens, choose_mark, split_html

SAMPLE_LINKS: Mapping[str, str] = {
    "unsubscribe_url": "https://example.org/unsubscribe",
    "preferences_url": "https://example.org/preferences",
    "view_url": "https://example.org/view",
}
"""Where the links of a preview lead: nowhere."""


@dataclass(frozen=True)
class Rendered:
    """An edition with what its making leaves behind."""

    edition: Edition
    mjml: str
    """As mrml got it: slots are tokens."""
    milliseconds: Mapping[str, float] = field(compare=False)
    """Stage -> how long it took, in the order of the stages."""

    @property
    def html(self) -> str:
        """The HTML as `preview_html` shows it."""
        return preview_html(self.edition)

    @property
    def text(self) -> str:
        """The text twin as `preview_text` shows it."""
        return preview_text(self.edition)


def render_edition(issue: Issue, theme: Theme) -> Edition:
    """The edition of an issue. Opens nothing but templates; the same issue and theme give the same digest.

    Raises RenderError for a mistake in the theme, with its file and line, and for HTML that lost something on the way.
    """
    return render_stages(issue, theme).edition


def render_stages(issue: Issue, theme: Theme, *, clock: Callable[[], float] = perf_counter) -> Rendered:
    """As `render_edition`, with the MJML and the time of each stage; `clock` gives seconds."""
    times = [clock()]
    around = frame(issue, theme.words)
    sections = [quoted(section, around.quotes) for section in issue.sections]
    rows = arrange(sections, theme.kinds, issue.newsletter.labels)
    mark = choose_mark(issue.source_digest, repr(issue))
    html_tokens, text_tokens = Tokens(mark), Tokens(mark)
    mjml = draw_mjml(theme, around, rows, html_tokens)
    times.append(clock())
    html = to_html(mjml, around)
    times.append(clock())
    html = inline_css(html)
    times.append(clock())
    text = write_text(around, rows, text_tokens)
    times.append(clock())
    edition = Edition(
        issue=issue.number,
        letterhead=_letterhead(issue),
        subject=_subject(issue.subject),
        html=split_html(html, html_tokens),
        text=text_tokens.split(text),
        source_digest=issue.source_digest,
    )
    times.append(clock())
    stages = ("jinja", "mjml", "premailer", "text", "split")
    taken = (1000 * (after - before) for before, after in pairwise(times))
    return Rendered(edition, mjml, dict(zip(stages, taken, strict=True)))


def preview_html(edition: Edition) -> str:
    """The HTML with every fallback, every part that is for some, and links that lead nowhere."""
    return fill(edition.html, SAMPLE_LINKS, edition.segments)


def preview_text(edition: Edition) -> str:
    """The text twin, filled as `preview_html` fills the HTML."""
    return fill(edition.text, SAMPLE_LINKS, edition.segments)


def _letterhead(issue: Issue) -> Letterhead:
    newsletter = issue.newsletter
    return Letterhead(
        newsletter=newsletter.slug,
        title=clean(newsletter.title),
        from_name=clean(newsletter.from_name),
        from_email=newsletter.from_email,
        reply_to=newsletter.reply_to,
        language=newsletter.language,
    )


def _subject(inlines: Inlines) -> Skeleton:
    pieces: list[Piece] = []
    for inline in inlines:
        if isinstance(inline, Personal):
            pieces.append(Slot(inline.name, Place.HEADER, clean(inline.fallback)))
        elif words := said((inline,)):
            pieces.append(words)
    return tuple(pieces)
