from pathlib import Path

from training.datasets.marked_lesions import dicom_with_lesion_masks

HEADER = "study,path,patient,lesion,dataset,mask\n"


def test_one_entry_a_volume_with_the_masks_of_its_slices(tmp_path: Path) -> None:
    rows = "a,a/1.dcm,p,,set,\na,a/2.dcm,p,1,set,a/masks/2.png\nalone,b/1.dcm,q,,set,\n"
    (tmp_path / "slices.csv").write_text(HEADER + rows)
    (entry,) = dicom_with_lesion_masks(tmp_path)
    assert (entry.study, entry.patient, entry.label, entry.path) == ("a", "p", None, tmp_path / "a")
    assert entry.lesion_masks == {"2.dcm": tmp_path / "a/masks/2.png"}
