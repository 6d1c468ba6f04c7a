"""Reads files into the staging: opens each, finds out what its columns say, refuses what is no person, and counts."""

import gc
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import IO

from subscribers.errors import BadImport
from subscribers.imports.files import Headed, Kind, Source, opened, reading
from subscribers.imports.layout import Layout, laid_out
from subscribers.imports.parsing import Parser
from subscribers.imports.refusals import Refusal, RefusedFile, refused_path
from subscribers.imports.sheets import Sheet, open_sheet
from subscribers.imports.staged import Page
from subscribers.imports.staging import Staging
from subscribers.imports.summary import Summary
from subscribers.imports.suspicions import Suspicions
from subscribers.imports.wanted import Everybody

_STAGED = 2000
_NAMED = 10
"""Files of an archive without people that are named."""
_DIGEST = b"mailer import 1\0"
"""What the digest begins with; a program that reads files differently begins it differently."""


@dataclass(frozen=True)
class Request:
    """What a person asked for."""

    files: Sequence[Path]
    newsletter: str
    consent_source: str
    maps: Mapping[str, str]
    keep_fields: bool
    refused_folder: Path | None
    """Where the refused rows are written to; None: nowhere."""
    everybody: Everybody | None = None
    """What a person said that all of them are."""


@dataclass
class Gathered:
    """What was read."""

    summary: Summary
    digest: str = ""
    import_id: int | None = None
    invited: int = 0
    """How many were sent a notice that asks them to confirm."""
    names: list[str] = field(default_factory=list[str])
    refused_files: list[Path] = field(default_factory=list[Path])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    """Some of the refused rows, of each kind."""
    passed_over: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Files of archives that hold nobody, and why that is thought."""
    undated: int = 0
    suspicions: Suspicions = field(default_factory=Suspicions)


EXAMPLES = 5
"""Refused rows of each kind that are named as examples."""

Agreed = Callable[[Sheet, Layout], bool]
Progress = Callable[[int], None]


class Declined(Exception):  # named for what happened
    """A person was shown what the columns were taken for, and said no."""


@contextmanager
def _seldom_collecting() -> Generator[None]:
    """Let Python look for circles of garbage less often: rows make none, and the looks cost as much as reading them."""
    before = gc.get_threshold()
    gc.set_threshold(50 * _STAGED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass
class Gathering:
    """Reads the files of a request; the transaction that it needs may only read."""

    request: Request
    staging: Staging
    erased: Callable[[str], bool] | None
    now: datetime
    agreed: Agreed
    """Asked of each file, when it is known what its columns say."""
    progress: Progress
    """Told of the bytes that were read."""
    standard_input: IO[bytes]

    @_seldom_collecting()
    def gather(self) -> Gathered:
        """Stage everybody. Raises BadImport, Declined."""
        self._found = Gathered(Summary())
        self._kinds: Counter[str] = Counter()
        asked = [self.request.newsletter, self.request.consent_source.strip(), sorted(self.request.maps.items())]
        said = [] if self.request.everybody is None else [self.request.everybody.value]
        self._digest = hashlib.sha256(_DIGEST + json.dumps([*asked, self.request.keep_fields, *said]).encode())
        good = 0
        for path in self.request.files:
            for sheet, layout in self._sheets(path):
                good += self._sheet(sheet, layout)
        people = self.staging.arrange()
        found = self._found
        found.summary.duplicates = good - people
        found.summary.refused = dict(self._kinds.most_common())
        found.digest = self._digest.hexdigest()
        return found

    def _sheets(self, path: Path) -> Iterator[tuple[Sheet, Layout]]:
        others = self._found.passed_over
        first, read = len(others), 0

        def passed_over(name: str, why: str) -> None:
            others.append((name, why))

        for source in opened(path, self.standard_input, passed_over):
            self._digest.update(b"\0file\0")
            found = self._opened(source)
            if found is not None:
                yield found
                read += 1
        if not read:
            names = [PurePath(name).name for name, _ in others[first:]]
            raise BadImport(
                f"{path} holds no table of people, only {', '.join(names[:_NAMED])}{', …' if names[_NAMED:] else ''}",
                hint="name a CSV file, or a zip with one in it",
            )

    def _opened(self, source: Source) -> tuple[Sheet, Layout] | None:
        """The sheet and what its columns say; None: something in an archive that holds nobody is passed over."""
        stream = Headed(source.stream)
        try:
            sheet = open_sheet(replace(source, stream=stream), self._seen)
            asked = self.request
            return sheet, laid_out(sheet, asked.maps, keep_fields=asked.keep_fields, everybody=asked.everybody)
        except BadImport as error:
            # Not what cannot be read, nor a table that names people: it may be the one that says who left.
            must_be_read = source.kind is Kind.NAMED or (source.kind is Kind.TABLE and stream.names_somebody)
            if must_be_read or error.__cause__ is not None:
                raise
            why = "which is no table of people" if stream.names_somebody else "which holds no addresses"
            self._found.passed_over.append((source.name, why))
            return None

    def _seen(self, data: bytes) -> None:
        self._digest.update(data)
        self.progress(len(data))

    def _sheet(self, sheet: Sheet, layout: Layout) -> int:
        if not self.agreed(sheet, layout):
            raise Declined
        file = RefusedFile(self._refused_path(sheet), sheet.header, guards=layout.guarded)

        def refuse(line: int, kind: str, reason: str, cells: Sequence[str]) -> None:
            refusal = Refusal(sheet.name, line, kind, reason)
            if self._kinds[kind] < EXAMPLES:
                self._found.refused.append(refusal)
            self._kinds[kind] += 1
            file.add(refusal, cells)

        newsletter, now = self.request.newsletter, self.now
        parser = Parser(layout, self.staging.combination, self.erased, sheet.header, refuse, now, newsletter)
        self.staging.with_fields = self.staging.with_fields or bool(layout.fields)
        self.staging.with_records = self.staging.with_records or layout.ours
        good = 0
        with closing(file):
            for page in self._pages(sheet, parser):
                self._found.suspicions.see(page.keys())
                self.staging.add(page)
                good += len(page)
            written = file.finish()
        if written is not None:
            self._found.refused_files.append(written)
        self._found.names.append(sheet.name)
        self._found.summary.rows += parser.rows
        self._found.undated += parser.undated
        return good

    def _refused_path(self, sheet: Sheet) -> Path | None:
        if self.request.refused_folder is None:
            return None
        # The name stays in front of the number: it may be what says who left.
        taken = [*self.request.files, *self._found.refused_files]
        return refused_path(self.request.refused_folder, sheet.name, taken)

    def _pages(self, sheet: Sheet, parser: Parser) -> Iterator[Page]:
        page = Page()
        with reading(sheet.name):
            for rows in sheet.rows:
                parser.stage(rows, page)
                if len(page) >= _STAGED:
                    yield page
                    page = Page()
        yield page
