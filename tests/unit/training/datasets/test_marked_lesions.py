from pathlib import Path

from training.datasets.marked_lesions import LEAST_SLICES, dicom_with_lesion_masks

HEADER = "study,path,patient,lesion,dataset,mask\n"


def test_one_entry_a_volume_with_the_masks_of_its_slices(tmp_path: Path) -> None:
    rows = "".join(f"a,a/{number}.dcm,p,,set,\n" for number in range(LEAST_SLICES - 1))
    (tmp_path / "slices.csv").write_text(HEADER + rows + "a,a/last.dcm,p,1,set,a/masks/last.png\n")
    (entry,) = dicom_with_lesion_masks(tmp_path)
    assert (entry.study, entry.patient, entry.label, entry.path) == ("a", "p", None, tmp_path / "a")
    assert entry.kind == "study"
    assert entry.lesion_masks == {"last.dcm": tmp_path / "a/masks/last.png"}


def test_images_of_a_study_that_is_no_series_are_taken_alone(tmp_path: Path) -> None:
    rows = "".join(f"b,b/{number}.dcm,q,,set,\n" for number in range(LEAST_SLICES - 1))
    (tmp_path / "slices.csv").write_text(HEADER + rows)
    entries = list(dicom_with_lesion_masks(tmp_path))
    assert [entry.kind for entry in entries] == ["single"] * (LEAST_SLICES - 1)
    assert len({entry.study for entry in entries}) == LEAST_SLICES - 1
    assert {entry.patient for entry in entries} == {"q"}
