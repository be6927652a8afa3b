"""Zips that are damaged, encrypted, decompression bombs or otherwise hostile."""

import bz2
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Literal

import inflate64

from tests.corpus.case import PLANTED, Builder
from tests.corpus.clean_study import clean_files
from tests.corpus.raw_zip import (
    DEFLATED,
    ENCRYPTED,
    MIB,
    UTF8,
    Entry,
    archive,
    deflated_zeros,
    directory,
    stored,
    zeros,
)

SYMLINK = 0o120777


def of(*entries: Entry) -> Builder:
    """An upload of one zip with these members."""
    return lambda folder: written(folder, archive(entries))


def written(folder: Path, content: bytes) -> Path:
    path = folder / f"{PLANTED}.zip"
    path.write_bytes(content)
    return path


def chest_with(*entries: Entry) -> Builder:
    """The clean study, with these members after it."""
    return lambda folder: written(folder, archive([*clean_members(), *entries]))


def clean_members() -> list[Entry]:
    return [stored(f"{PLANTED}/{number:04}.dcm", content) for number, content in enumerate(clean_files())]


def with_member_name(name: str | bytes, flags: int = UTF8) -> Builder:
    """The clean study with its first slice under this name."""

    def build(folder: Path) -> Path:
        first, *others = clean_members()
        return written(folder, archive([stored(name, first.payload, flags), *others]))

    return build


def same_names(folder: Path) -> Path:
    return written(folder, archive([stored(f"{PLANTED}.dcm", content) for content in clean_files()]))


def with_link_member(target: bytes) -> Builder:
    """The clean study and a symbolic link."""
    return chest_with(stored(f"{PLANTED}/link.dcm", target, mode=SYMLINK))


def truncated(folder: Path) -> Path:
    content = archive(clean_members())
    return written(folder, content[: len(content) // 2])


def encrypted_zip(folder: Path) -> Path:
    return written(folder, archive([stored(f"{PLANTED}.dcm", content, flags=ENCRYPTED) for content in clean_files()]))


def flipped_bits(folder: Path) -> Path:
    """Every slice has pixels that do not match its checksum."""
    return written(folder, archive([with_changed_payload(member) for member in clean_members()]))


def with_changed_payload(member: Entry) -> Entry:
    middle = len(member.payload) // 2
    payload = member.payload[:middle] + b"\xa5" * 64 + member.payload[middle + 64 :]
    return Entry(member.name, payload, member.size, member.crc)


def garbage_for_deflate(folder: Path) -> Path:
    return written(folder, archive([Entry(b"a.dcm", b"\xff" * 5000, 50_000, 1, DEFLATED)]))


def wrong_sizes(folder: Path) -> Path:
    """Every slice declares its true size, but its data unpack to 1 GiB."""
    contents = enumerate(clean_files())
    entries = [
        Entry(b"%d.dcm" % n, deflated_zeros(1024, content), len(content), 0, DEFLATED) for n, content in contents
    ]
    return written(folder, archive(entries))


def many_members(folder: Path) -> Path:
    return written(folder, archive([stored(f"{number}.dcm", b"") for number in range(100_000)]))


def declares_terabytes(folder: Path) -> Path:
    return written(folder, archive([Entry(b"%d.dcm" % n, b"\x03\x00", 0xFFFFFFF0, 0, DEFLATED) for n in range(300)]))


def nested_bomb(folder: Path) -> Path:
    """Sixteen inner zips that unpack to 2 GiB each."""
    inner = archive([zeros(f"{number}.dcm", 1024) for number in range(2)])
    return written(folder, archive([stored(f"{number}.zip", inner) for number in range(16)]))


def bomb_in_inner_zip(folder: Path) -> Path:
    """The member named .zip is the bomb: 600 MiB of zeros in 600 kB."""
    return written(folder, archive([zeros("inner.zip", 600)]))


def nested(depth: int) -> Builder:
    """The clean study in `depth` nested zips inside another zip."""

    def build(folder: Path) -> Path:
        content = archive(clean_members())
        for level in range(depth):
            content = archive([stored(f"{level}.zip", content)])
        return written(folder, content)

    return build


def overlapping_whole(folder: Path) -> Path:
    """1000 directory records that point to one member (Fifield 2019, 'full overlap')."""
    content = max(clean_files(), key=len)
    member = stored("slice.dcm", content)
    body = member.local_header + member.payload
    return written(folder, body + directory([member.directory_record(0)] * 1000, len(body)))


def overlapping_quoted(folder: Path) -> Path:
    """Each member's deflate stream quotes the header of the next member and continues into it (Fifield 2019)."""
    content = clean_files()[0]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = compressor.compress(content) + compressor.flush()
    members: list[Entry] = []
    for number in range(200):
        members.insert(0, Entry(b"%d.dcm" % number, payload, len(content), zlib.crc32(content), DEFLATED))
        header = members[0].local_header
        payload = stored_block(header) + header + payload
        content = header + content
    ends = len(members[0].local_header) + len(members[0].payload)
    records = [m.directory_record(ends - len(m.payload) - len(m.local_header)) for m in members]
    return written(folder, members[0].local_header + members[0].payload + directory(records, ends))


def stored_block(content: bytes) -> bytes:
    """The header of a deflate block that holds these bytes as they are (RFC 1951, 3.2.4)."""
    size = len(content)
    return b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")


TarMode = Literal["w:", "w:gz", "w:bz2", "w:xz"]


def tar(mode: TarMode, *, long_names: bool = False) -> Builder:
    """The clean study as a tar, packed as the mode of `tarfile.open` says."""

    def build(folder: Path) -> Path:
        path = folder / f"{PLANTED}.tar"
        with tarfile.open(path, mode, format=tarfile.GNU_FORMAT if long_names else tarfile.PAX_FORMAT) as target:
            for number, content in enumerate(clean_files()):
                entry = tarfile.TarInfo(f"{PLANTED * 40 if long_names else PLANTED}/{number:04}.dcm")
                entry.size = len(content)
                target.addfile(entry, BytesIO(content))
        return path

    return build


def tar_cut_off(folder: Path) -> Path:
    """The tar ends behind its twelfth file, where a reader may take it for whole."""
    path = tar("w:")(folder)
    with tarfile.open(path) as source:
        end = source.getmembers()[12].offset
    path.write_bytes(path.read_bytes()[:end])
    return path


def tar_with_link(folder: Path) -> Path:
    path = tar("w:")(folder)
    with tarfile.open(path, "a") as target:
        link = tarfile.TarInfo(f"{PLANTED}/link.dcm")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        target.addfile(link)
    return path


def bzip2_bomb(folder: Path) -> Path:
    """A gibibyte of zeros in 5 kB: streams of bzip2 one behind the other are one file."""
    path = folder / f"{PLANTED}.tar.bz2"
    path.write_bytes(bz2.compress(bytes(16 * MIB)) * 64)
    return path


def wrapped(pack: Callable[[bytes], bytes], times: int) -> Builder:
    """The clean study's zip, packed so many times."""

    def build(folder: Path) -> Path:
        content = archive(clean_members())
        for _ in range(times):
            content = pack(content)
        return written(folder, content)

    return build


def self_extracting(folder: Path) -> Path:
    """The zip behind a program, its offsets counted from its own first byte."""
    return written(folder, b"MZ" + bytes(4094) + archive(clean_members()))


def packed_with(method: int) -> Builder:
    """The clean study in a zip of this compression method."""

    def build(folder: Path) -> Path:
        path = folder / f"{PLANTED}.zip"
        with zipfile.ZipFile(path, "w", method) as target:
            for number, content in enumerate(clean_files()):
                target.writestr(f"{number:04}.dcm", content)
        return path

    return build


def deflate64(folder: Path) -> Path:
    """As Windows packs what is larger than 2 GB."""
    entries = []
    for number, content in enumerate(clean_files()):
        deflater = inflate64.Deflater()
        payload = bytes(deflater.deflate(content) + deflater.flush())
        entries.append(Entry(b"%d.dcm" % number, payload, len(content), zlib.crc32(content), 9))
    return written(folder, archive(entries))


def first_part_of_a_split_zip(folder: Path) -> Path:
    content = archive(clean_members())
    return written(folder, b"PK\x07\x08" + content[: len(content) // 2])


def last_part_of_a_split_zip(folder: Path) -> Path:
    content = archive(clean_members())
    end = bytearray(content[-22:])
    end[4:8] = b"\1\0\1\0"  # APPNOTE 4.3.16: number of this disk, and of the one with the directory
    return written(folder, content[len(content) // 2 : -22] + bytes(end))
