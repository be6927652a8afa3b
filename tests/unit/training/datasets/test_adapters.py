"""Every adapter on a small copy of its source's published layout."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from screening.contract import FINDINGS
from tests.unit.training.tiny_networks import write_slices
from training.datasets import ADAPTERS, Entry, InvalidDataset
from training.datasets.ct_rate import OTHER_PATHOLOGY

CLASSES = (*FINDINGS, "Medical material", *OTHER_PATHOLOGY)


def test_covid_1110_takes_severity_from_the_folder(tmp_path: Path) -> None:
    for number, severity in enumerate(("CT-0", "CT-1", "CT-4")):
        _nifti(tmp_path / "studies" / severity / f"study_{number:04}.nii.gz")
    entries = _read("mosmed_covid_1110", tmp_path)
    assert [entry.label for entry in entries] == [0, 1, 1]
    assert entries[0].findings is None
    assert entries[2].findings == frozenset({"Lung opacity"})
    assert len({entry.patient for entry in entries}) == 3


def test_ldct_asks_half_of_the_readers(tmp_path: Path) -> None:
    mark = {"d": 6}
    for name, nodules in (("agreed", [[mark, mark, None]]), ("one", [[mark, None, None]]), ("none", [])):
        (tmp_path / "dicom" / name).mkdir(parents=True)
        (tmp_path / "protocols").mkdir(exist_ok=True)
        (tmp_path / "protocols" / f"{name}.json").write_text(json.dumps({"nodules": nodules}), "utf-8-sig")
    assert {entry.study: entry.label for entry in _read("mosmed_ldct", tmp_path)} == {
        "agreed": 1,
        "one": None,
        "none": 0,
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("mosmed_covid_type_i", "Lung opacity"),
        ("mosmed_cancer_type_viii", "Lung nodule"),
        ("mosmed_covid_46", "Lung opacity"),
    ],
)
def test_sets_with_a_registry(name: str, finding: str, tmp_path: Path) -> None:
    for study in ("s1", "s2"):
        (tmp_path / "studies" / study).mkdir(parents=True)
    _table(tmp_path / "dataset_registry.csv", ("study_id", "patient_id", "target"), [("s1", "p", 0), ("s2", "p", 1)])
    entries = _read(name, tmp_path)
    assert [(entry.dataset, entry.patient, entry.label) for entry in entries] == [(name, "p", 0), (name, "p", 1)]
    assert entries[1].findings == frozenset({finding})


def test_ct_rate_reads_classes_and_patients(tmp_path: Path) -> None:
    shown = {"train_1_a_1": (), "train_1_b_1": ("Lung nodule", "Emphysema"), "train_2_a_1": ("Medical material",)}
    shown |= {"train_3_a_1": OTHER_PATHOLOGY}
    for name in shown:
        _nifti(tmp_path / "train_fixed" / name[:-4] / name[:-2] / f"{name}.nii.gz")
    _ct_rate_labels(tmp_path, shown)
    entries = {entry.study.removesuffix(".nii.gz"): entry for entry in _read("ct_rate", tmp_path)}
    assert [entries[name].label for name in shown] == [0, 1, 0, 1]
    assert entries["train_1_b_1"].findings == frozenset({"Lung nodule", "Emphysema"})
    assert entries["train_1_a_1"].patient == entries["train_1_b_1"].patient == "train_1"


def test_ct_rate_of_the_first_release_is_refused_not_rescaled(tmp_path: Path) -> None:
    _nifti(tmp_path / "train" / "train_1_a_1.nii.gz", lowest=0)
    _ct_rate_labels(tmp_path, {"train_1_a_1": ()})
    with pytest.raises(InvalidDataset, match="stored values"):
        _read("ct_rate", tmp_path)


def test_slices_with_manifest(tmp_path: Path) -> None:
    entries = _read("slices", write_slices(tmp_path, groups=2, per_group=1))
    assert [(entry.dataset, entry.patient, entry.label) for entry in entries[:2]] == [
        ("one", "one_0", 0),
        ("one", "one_1", 1),
    ]
    assert entries[0].findings == frozenset()
    assert entries[1].findings == frozenset({"Lung nodule"})
    assert entries[1].scores is not None


def test_dicom_with_labels_and_slice_labels(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    _table(tmp_path / "a.csv", ("file", "infected"), [("0001.dcm", 1), ("0002.dcm", 0)])
    rows = [("a", "p", 1, "Consolidation; Pleural effusion", "a.csv")]
    _table(tmp_path / "labels.csv", ("study", "patient", "label", "findings", "slices"), rows)
    (entry,) = _read("dicom", tmp_path)
    assert entry.findings == frozenset({"Consolidation", "Pleural effusion"})
    assert entry.slice_labels == {"0001.dcm": 1, "0002.dcm": 0}


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_a_foreign_folder_is_refused(name: str, tmp_path: Path) -> None:
    if name == "ct_rate":
        _nifti(tmp_path / "other.nii.gz")
    with pytest.raises(InvalidDataset):
        _read(name, tmp_path)


def test_real_slices(real_data: Path) -> None:
    entries = _read("slices", real_data / "slices")
    assert len(entries) == 4525
    assert {entry.label for entry in entries} == {0, 1, None}


def _read(name: str, root: Path) -> list[Entry]:
    return list(ADAPTERS[name](root))


def _nifti(path: Path, lowest: int = -1000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.full((8, 8, 4), lowest, np.int16)
    values[2:6, 2:6] = lowest + 1040
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)


def _ct_rate_labels(root: Path, shown: dict[str, tuple[str, ...]]) -> None:
    rows = [(f"{name}.nii.gz", *(int(one in classes) for one in CLASSES)) for name, classes in shown.items()]
    _table(root / "multi_abnormality_labels" / "train_predicted_labels.csv", ("VolumeName", *CLASSES), rows)


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
