"""Reading a tar file, gzipped or not, from front to back: its members, small texts and the bytes of large ones.

Nothing is ever unpacked to disk, so that names in an archive lead nowhere; what is read into memory is bounded.
"""

from __future__ import annotations

import posixpath
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, Self

PIECE = 1 << 20
"""Bytes that are read at once."""

_MOST_MEMBERS = 20_000
_MOST_HEADER = 1 << 20
"""Bytes of a long name, or of what a PAX header says of a member."""
_TEXT = 4 << 20
_TEXTS = 64 << 20
"""Bytes of JSON texts: of one, and of all of an archive. Real ones have some kilobytes."""
_GZIP = b"\x1f\x8b"
_COMPRESSED = (_GZIP, b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0")
_GUESS = 3
"""How much larger a compressed layer is when unpacked, where the archive does not tell."""


class ArchiveError(Exception):
    """An archive that cannot be used. `path` is its file; the message says why, without the path."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = "".join(c if c.isprintable() else "?" for c in why)  # names in archives are anybody's
        super().__init__(f"{path}: {self.why}")


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file of an archive. `offset` counts in the tar file as it is without gzip."""

    name: str
    offset: int
    size: int
    compressed: bool
    """Whether its content is compressed by itself, as layers in OCI layouts usually are."""
    unpacked: int
    """Bytes that its content has without compression; a guess where the archive does not tell."""


@dataclass(slots=True)
class Contents:
    """What an archive holds, by clean relative path."""

    members: dict[str, Member] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    """Members that look like JSON and are small."""
    text_bytes: int = 0

    def find(self, name: str) -> Member | None:
        """A member by its path, through links of the archive (Docker before 25 links equal layers)."""
        for _ in range(16):
            name = posixpath.normpath(name)
            if name in self.members or name not in self.links:
                return self.members.get(name)
            name = self.links[name]
        return None


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def skip_to(self, offset: int) -> None: ...


class _Plain:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        return self._file.read(size)

    def skip_to(self, offset: int) -> None:
        self._file.seek(offset)


class _Gzipped:
    """What a gzip file holds; all of its members one after the other. Raises ArchiveError."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self._inflate = zlib.decompressobj(31)
        self._held = b""
        self._position = 0

    def read(self, size: int, /) -> bytes:
        parts = []
        while size:
            piece = self._some(size)
            if not piece:
                break
            parts.append(piece)
            size -= len(piece)
        return b"".join(parts)

    def _some(self, most: int) -> bytes:
        while True:
            if self._inflate.eof:
                self._held = (self._inflate.unused_data or self._file.read(PIECE)).lstrip(b"\0")  # padding of tapes
                if not self._held:
                    return b""
                self._inflate = zlib.decompressobj(31)
            fresh = self._held or self._inflate.unconsumed_tail or self._file.read(PIECE)
            self._held = b""
            if not fresh:
                raise ArchiveError(self._path, "it is cut off: its gzip stream does not end")
            try:
                piece = self._inflate.decompress(fresh, most)
            except zlib.error as error:
                raise ArchiveError(self._path, f"it is damaged: {error}") from None
            if piece:
                self._position += len(piece)
                return piece

    def skip_to(self, offset: int) -> None:
        while self._position < offset:
            if not self._some(min(PIECE, offset - self._position)):
                raise ArchiveError(self._path, "it is shorter than it was")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Bytes, bool]]:
    with path.open("rb") as file:
        gzipped = file.read(2) == _GZIP
        file.seek(0)
        yield (_Gzipped(file, path) if gzipped else _Plain(file)), gzipped


class _Entry(tarfile.TarInfo):
    """A member whose header is read only if it is small: long names and PAX headers are held in memory whole."""

    _WHOLE = frozenset((tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
                        tarfile.SOLARIS_XHDTYPE))  # fmt: skip

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """A header of 512 bytes. Raises ReadError for what no archive of images has."""
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in cls._WHOLE and entry.size > _MOST_HEADER:
            raise tarfile.ReadError(f"a header of {entry.size} bytes")
        if entry.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("a sparse file, which no archive of images has")
        return entry


def _tar(path: Path, stream: _Bytes, gzipped: bool) -> tarfile.TarFile:
    if gzipped:
        return tarfile.open(  # type: ignore[call-overload, no-any-return]
            fileobj=stream, mode="r|", bufsize=PIECE, tarinfo=_Entry
        )
    return tarfile.open(path, "r:", tarinfo=_Entry)


def contents(path: Path) -> Contents:
    """Everything that is in an archive; of a plain tar file only the index and small texts are read.

    A gzipped one has to be read through. Raises ArchiveError for what is no tar file, cut off or damaged, OSError for
    what cannot be read.
    """
    found = Contents()
    total = path.stat().st_size
    try:
        with _opened(path) as (stream, gzipped):
            with _tar(path, stream, gzipped) as archive:
                for count, entry in enumerate(archive):
                    if count >= _MOST_MEMBERS:
                        raise ArchiveError(path, f"it has more than {_MOST_MEMBERS} members: no archive of images has")
                    if not gzipped and entry.isreg() and entry.offset_data + entry.size > total:
                        raise ArchiveError(path, f"it is cut off: {entry.name[:200]} is not whole")
                    _take(found, archive, entry, gzipped)
                    if found.text_bytes > _TEXTS:
                        raise ArchiveError(path, "it has more JSON texts than any archive of images")
            if gzipped:
                while stream.read(PIECE):  # to the end, where gzip's checksum stands
                    pass
    except (tarfile.TarError, EOFError, ValueError, OverflowError, IndexError, RecursionError) as error:
        raise ArchiveError(path, f"it is no tar file, or damaged: {error}") from None
    return found


def _take(found: Contents, archive: tarfile.TarFile, entry: tarfile.TarInfo, gzipped: bool) -> None:
    name = posixpath.normpath(entry.name)
    if name.startswith(("/", "../")) or name in (".", ".."):
        return  # it leads out, so nothing in the archive can mean it
    for kind in (found.members, found.links, found.texts):
        kind.pop(name, None)  # as when it is unpacked, the last one counts
    if entry.issym():
        found.links[name] = posixpath.join(posixpath.dirname(name), entry.linkname)
    elif entry.islnk():
        found.links[name] = entry.linkname
    elif entry.isreg() and not entry.issparse():
        reader = archive.extractfile(entry)
        assert reader is not None  # it is a regular file
        head = reader.read(6)
        if head[:1] in (b"{", b"[") and entry.size <= _TEXT:
            found.texts[name] = head + reader.read()
            found.text_bytes += entry.size
        compressed = head.startswith(_COMPRESSED)
        unpacked = entry.size
        if compressed:
            unpacked = entry.size * _GUESS
            if head.startswith(_GZIP) and not gzipped and entry.size >= 18:
                reader.seek(entry.size - 4)  # RFC 1952, ISIZE: modulo 2^32, of the last member
                unpacked = max(int.from_bytes(reader.read(4), "little"), entry.size)
        found.members[name] = Member(name, entry.offset_data, entry.size, compressed, unpacked)


def read_members(path: Path, members: Iterable[Member]) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """The bytes of some members, in the order in which they lie in the archive, in pieces.

    Each member's pieces must be taken before the next member. Raises ArchiveError, OSError.
    """
    with _opened(path) as (stream, _):
        for member in sorted(members, key=lambda member: member.offset):
            stream.skip_to(member.offset)
            yield member, _pieces(path, stream, member)


def _pieces(path: Path, stream: _Bytes, member: Member) -> Iterator[bytes]:
    left = member.size
    while left:
        piece = stream.read(min(PIECE, left))
        if not piece:
            raise ArchiveError(path, f"it is cut off: {member.name[:200]} is not whole")
        left -= len(piece)
        yield piece
