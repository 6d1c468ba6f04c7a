"""Finds out how each newsletter's pages look, and never fails: leaving must work when newsletter.yaml is broken or gone."""

import logging
from collections.abc import Callable

from mailer.errors import MailerError
from mailer.issues.shelf import find_newsletters
from mailer.rendering.theme import shipped_templates
from mailer.web.pages import LANGUAGE, Look
from mailer.wiring import Workspace

FRESH_SECONDS = 15.0
"""How long a change of newsletter.yaml or of a theme may take to be seen on the pages."""

_logger = logging.getLogger("mailer.web")


class Looks:
    """The looks of all newsletters, each read again when it is older than FRESH_SECONDS."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        self._workspace = workspace
        self._clock = clock
        self._found: dict[str, tuple[float, Look]] = {}
        self._slugs: tuple[float, tuple[str, ...]] | None = None

    def slugs(self) -> tuple[str, ...]:
        """Every newsletter that is here, sorted."""
        now, known = self._clock(), self._slugs
        if known is None or now - known[0] > FRESH_SECONDS:
            known = self._slugs = (now, tuple(find_newsletters(self._workspace.root / "issues")))
        return known[1]

    def of(self, slug: str) -> Look:
        """The newsletter's look; a plain one when it is not here, and the last good one while its files are broken."""
        if slug not in self.slugs():
            return self.plain(slug)
        # Without a lock: two requests at once may both read, and find the same.
        now, known = self._clock(), self._found.get(slug)
        if known is None or now - known[0] > FRESH_SECONDS:
            known = self._found[slug] = (now, self._read(slug, known[1] if known else None))
        return known[1]

    def plain(self, slug: str = "") -> Look:
        """A look without a newsletter. With only one newsletter here, a page about none of them looks like that one's."""
        slugs = self.slugs()
        if not slug and len(slugs) == 1:
            return self.of(slugs[0])  # which asks for the plain look of this slug where its files are broken
        shared = (self._workspace.root / "templates" / "_shared", shipped_templates() / "_shared")
        return Look(slug, slug, None, LANGUAGE, tuple(folder for folder in shared if folder.is_dir()))

    def _read(self, slug: str, before: Look | None) -> Look:
        try:
            newsletter = self._workspace.newsletter(slug)
            theme = self._workspace.theme(newsletter)
        except MailerError as error:
            _logger.warning("%s", error)
            return before or self.plain(slug)
        language = newsletter.language.replace("_", "-")
        return Look(slug, newsletter.title, newsletter, language, theme.folders, theme.light, theme.dark)
