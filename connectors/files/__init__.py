"""A folder of files: CSV (.csv, .csv.gz) with a header, or JSON lines (.jsonl, .jsonl.gz), in UTF-8.

A file is known by its name and the SHA-256 of its content: it is read once, and again when its content has changed. The
bookmark holds the hashes of the files that are finished, and the line behind which an unfinished one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from connectors.base import (
    Bookmark,
    Budget,
    ConfigError,
    FieldSchema,
    ObjectSchema,
    Page,
    Refusal,
    Stream,
    Unavailable,
)
from connectors.files.open import Opened, Refused, opened, sha256
from connectors.files.pages import Reading


class Files:
    """The folder that <SYSTEM>_FOLDER names."""

    def __init__(self, system: str, env: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        variable = f"{system.upper()}_FOLDER"
        if not env.get(variable, "").strip():
            raise ConfigError(f"{variable} is not set; give the folder that the files are dropped in (.env.example)")
        self.system = system
        self.folder = Path(env[variable].strip()).expanduser()
        self._variable = variable
        self._clock = clock

    def organization(self) -> str:
        self._existing_folder()
        return ""

    def describe(self, object: str) -> ObjectSchema:
        """The columns of the last file in name order."""
        names = self._names(object)
        if not names:
            raise ConfigError(f"{self.system}: no file matches {object} in the folder of {self._variable}")
        try:
            columns = opened(self.folder / names[-1], Stream(object, object, ())).columns
        except Refused as refused:
            raise ConfigError(f"{self.system}: {names[-1]} {refused.reason}") from refused
        return ObjectSchema(object, {name: FieldSchema(name, "string", False, False) for name in columns})

    def pull(self, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
        """Every file that is new or changed, in name order."""
        if stream.where:
            raise ConfigError(f"{self.system}.yaml, pull {stream.name}: files know no filter; remove `where`")
        known = bookmark or {}
        finished: dict[str, str] = dict(known.get("files", {}))
        quiet = True
        for name in self._names(stream.object):
            for page in self._file(stream, name, finished, known.get("current") or {}):
                quiet = False
                yield page
        if quiet:
            yield Page((), {"files": finished}, self._clock())

    def ids(self, stream: Stream) -> Iterator[Sequence[str]]:
        """Ids of all files as they lie there; Unavailable when one of them is broken: it proves nothing then."""
        if not stream.key:
            return
        names = self._names(stream.object)
        if not names:
            raise Unavailable(f"{self.system}: no file matches {stream.object}; what vanished cannot be told")
        for name in names:
            for page in self._file(stream, name, {}, {}):
                broken = [refusal for refusal in page.refusals if refusal.kind != "unmapped_column"]
                if broken:
                    raise Unavailable(
                        f"{self.system}: {broken[0].where} {broken[0].reason}; what vanished cannot be told"
                    )
                yield [record.id for record in page.records]

    def budget(self) -> Budget:
        return Budget()

    def _existing_folder(self) -> Path:
        if not self.folder.is_dir():
            raise ConfigError(f"{self._variable} names {self.folder}, which is no folder")
        return self.folder

    def _names(self, pattern: str) -> list[str]:
        """Names below the folder; what begins with a dot is still being dropped, or not meant for us."""
        folder = self._existing_folder()
        return sorted(
            path.relative_to(folder).as_posix()
            for path in folder.glob(pattern)
            if path.is_file() and not path.name.startswith(".")
        )

    def _file(
        self, stream: Stream, name: str, finished: dict[str, str], current: Mapping[str, str | int]
    ) -> Iterator[Page]:
        """The pages of one file, none when its content is known; adds it to `finished` behind the last one."""
        requested_at = self._clock()
        try:
            digest = sha256(self.folder / name)
            if digest not in finished.values():
                yield from self._new_file(Reading(name, digest, stream, requested_at, dict(finished)), current)
            finished[name] = digest
        except OSError as error:
            refusal = Refusal(name, f"cannot be opened ({error.strerror}); it is tried again next time")
            yield Page((), {"files": dict(finished)}, requested_at, refusals=[refusal], file=name)

    def _new_file(self, reading: Reading, current: Mapping[str, str | int]) -> Iterator[Page]:
        """A refused file is finished too: the same content would be refused again."""
        try:
            file: Opened = opened(self.folder / reading.name, reading.stream)
        except Refused as refused:
            finished = {"files": {**reading.finished, reading.name: reading.digest}}
            refusal = Refusal(reading.name, refused.reason, refused.kind)
            yield Page((), finished, reading.requested_at, refusals=[refusal], file=reading.name)
            return
        begun = current.get("name") == reading.name and current.get("hash") == reading.digest
        yield from reading.pages(file, int(current["line"]) if begun else 0)
