"""A file's lines as pages of records, with the bookmark behind each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Bookmark, Page, Record, Refusal, Stream
from connectors.files.lines import Line
from connectors.files.open import Opened

PAGE = 5_000
"""Lines of one page."""


@dataclass(slots=True)
class Reading:
    """One file on its way into pages."""

    name: str
    digest: str
    stream: Stream
    requested_at: datetime
    finished: Mapping[str, str]
    """Hashes of the files that are done, this one not yet."""
    line_of_key: dict[str, int] = field(default_factory=dict)

    def pages(self, file: Opened, behind: int) -> Iterator[Page]:
        """Pages of the lines behind `behind`; those before it are read for their keys only."""
        for lines, last in _batches(file.lines):
            found = [(line.end, self._read(line)) for line in lines]
            new = [one for end, one in found if end > behind]
            if not new and not last:
                continue
            records = [one for one in new if isinstance(one, Record)]
            refusals = [one for one in new if isinstance(one, Refusal)]
            if last and file.unmapped:
                refusals.append(self._unmapped(file.unmapped))
            bookmark = self._bookmark(lines[-1].end, last)
            yield Page(records, bookmark, self.requested_at, None, refusals, self.name, self.digest)

    def _read(self, line: Line) -> Record | Refusal:
        if line.reason:
            return Refusal(f"{self.name}:{line.number}", line.reason)
        if not self.stream.key:
            return Record("", line.fields, line=line.number)
        key = line.fields.get(self.stream.key)
        id = "" if key is None else str(key)
        if not id.strip():
            return Refusal(f"{self.name}:{line.number}", f"has no {self.stream.key}", "missing_key")
        first = self.line_of_key.setdefault(id, line.number)
        if first != line.number:
            return Refusal(
                f"{self.name}:{line.number}", f"repeats {self.stream.key} {id} of line {first}", "duplicate_key"
            )
        return Record(id, line.fields, line=line.number)

    def _unmapped(self, columns: set[str]) -> Refusal:
        return Refusal(self.name, f"has columns that are not mapped: {', '.join(sorted(columns))}", "unmapped_column")

    def _bookmark(self, line: int, last: bool) -> Bookmark:
        if last:
            return {"files": {**self.finished, self.name: self.digest}}
        return {"files": dict(self.finished), "current": {"name": self.name, "hash": self.digest, "line": line}}


def _batches(lines: Iterator[Line]) -> Iterator[tuple[Sequence[Line], bool]]:
    """Lines in batches of PAGE, each with whether it is the last one."""
    batch: list[Line] = []
    for line in lines:
        if len(batch) == PAGE:
            yield batch, False
            batch = []
        batch.append(line)
    if batch:
        yield batch, True
