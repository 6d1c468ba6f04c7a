"""What a program or a person finds in a page of HTML: its words, links, headings, tables, and who can read them."""

from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr o:allowpng o:pixelsperinch".split())  # noqa: SIM905  # words
_BREAKS = frozenset(
    "address blockquote body caption div h1 h2 h3 h4 h5 h6 hr li ol p table tbody td th thead tr ul".split()  # noqa: SIM905  # words
)
_UNSEEN = frozenset(["head", "style", "title", "script"])
_FORBIDDEN = frozenset("script form iframe object embed input button select textarea link base".split())  # noqa: SIM905  # words
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])


class Outline(HTMLParser):
    """Read a page once with `read`, then look at what was found. Comments, Outlook's too, are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[str] = []
        """The words of each block, those that screen readers are kept from left out."""
        self.links: list[str] = []
        self.headings: list[int] = []
        self.css: list[str] = []
        """The text of each <style>."""
        self.postal_address = ""
        self.faults: list[str] = []
        """What no letter may have, in words."""
        self._open: list[tuple[str, bool, bool]] = []
        self._words: list[str] = []
        self._tables: list[list[bool]] = []

    @classmethod
    def read(cls, html: str) -> "Outline":
        """The outline of a page."""
        outline = cls()
        outline.feed(html)
        outline.close()
        outline._break()
        for tag, _, _ in reversed(outline._open):
            outline.faults.append(f"<{tag}> is never closed")
        return outline

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag says, and whether words follow that are not to be seen."""
        given = {name: value or "" for name, value in attrs}
        self._judge(tag, given)
        if tag in _BREAKS:
            self._break()
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in _HEADINGS:
            self.headings.append(int(tag[1]))
        if tag == "table":
            self._tables.append([given.get("role") in ("presentation", "none"), False])
        elif tag == "th" and self._tables:
            self._tables[-1][1] = True
        if tag in VOID:
            return
        hidden = any(unseen for _, unseen, _ in self._open[-1:]) or tag in _UNSEEN
        hidden = (
            hidden or given.get("aria-hidden") == "true" or "display:none" in given.get("style", "").replace(" ", "")
        )
        address = any(inside for _, _, inside in self._open[-1:]) or "postal-address" in given.get("class", "").split()
        self._open.append((tag, hidden, address))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self._judge(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        """Close the tag, which must be the one that was opened last."""
        if tag in VOID:
            return
        if tag in _BREAKS:
            self._break()
        if not self._open or self._open[-1][0] != tag:
            last = f"while <{self._open[-1][0]}> is open" if self._open else "though nothing is open"
            self.faults.append(f"</{tag}> comes {last}")
            if not any(name == tag for name, _, _ in self._open):
                return
            while self._open[-1][0] != tag:
                self._open.pop()
        self._open.pop()
        if tag == "table" and self._tables:
            layout, has_heading = self._tables.pop()
            if not layout and not has_heading:
                self.faults.append(
                    "a table has neither role=presentation nor a <th>: screen readers read out its cells"
                )

    def handle_data(self, data: str) -> None:
        """Collect words, or a sheet."""
        if self._open and self._open[-1][0] == "style":
            self.css.append(data)
        hidden = bool(self._open) and self._open[-1][1]
        if not hidden:
            self._words.append(data)
        if self._open and self._open[-1][2]:
            self.postal_address += data

    def _break(self) -> None:
        words = " ".join("".join(self._words).split())
        self._words.clear()
        if words:
            self.paragraphs.append(words)

    def _judge(self, tag: str, given: dict[str, str]) -> None:
        if tag in _FORBIDDEN:
            self.faults.append(f"<{tag}> is not allowed in a letter")
        if tag.startswith("mj"):
            self.faults.append(f"<{tag}> was left over from MJML")
        self.faults += [f"<{tag}> has {name}: scripts are not allowed" for name in given if name.startswith("on")]
        if tag == "img" and "alt" not in given:
            self.faults.append(f"an image has no alt text: {given.get('src', '')}")
        parent = self._open[-1][0] if self._open else ""
        if tag == "html" or parent == "body":
            missing = [name for name in ("lang", "dir") if not given.get(name)]
            where = "<html>" if tag == "html" else f"<{tag}>, a direct child of <body>,"
            self.faults += [f"{where} has no {name}" for name in missing]
