"""The uploads of the benchmarks: the synthetic study, or the user's studies."""

import shutil
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from screening.phantom.phantom_study import write_phantom

SYNTHETIC = "synthetic, 64 slices of 512 x 512"


def phantom_zip(path: Path) -> Path:
    """The synthetic study of 64 slices of 512 x 512, uncompressed DICOM in a deflated zip, at `path`; returns it."""
    with TemporaryDirectory(prefix="turnstile-phantom-") as folder:
        return zipped(write_phantom(Path(folder) / "study", slices=64, size=512), path)


def uploads(studies: Sequence[Path], folder: Path) -> list[Path]:
    """The files to send: by default the synthetic study; a folder is zipped. Their names reveal nothing of a study."""
    if not studies:
        return [phantom_zip(folder / "study-0.zip")]
    return [_upload(study, folder / f"study-{number}") for number, study in enumerate(studies)]


def names_of(studies: Sequence[Path]) -> list[str]:
    """The names for the result page: size and hash, since a file name may name a patient."""
    return [_name(study) for study in studies] or [SYNTHETIC]


def zipped(folder: Path, path: Path) -> Path:
    """The files of a folder as a deflated zip."""
    return Path(shutil.make_archive(str(path.with_suffix("")), "zip", folder))


def _upload(study: Path, base: Path) -> Path:
    if study.is_dir():
        return zipped(study, base.with_suffix(".zip"))
    return Path(shutil.copyfile(study, base.with_name(base.name + "".join(study.suffixes[-2:]))))


def _name(study: Path) -> str:
    files = sorted(path for path in study.rglob("*") if path.is_file()) if study.is_dir() else [study]
    total = sum(path.stat().st_size for path in files)
    with files[0].open("rb") as first:
        return f"own study, {len(files)} file(s), {total / 1e6:.1f} MB, {file_digest(first, 'sha256').hexdigest()[:12]}"
