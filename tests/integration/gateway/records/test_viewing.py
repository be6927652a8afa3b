"""Series, slices and volumes over HTTP: each voxel at its position in the patient."""

import gzip
import io
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import httpx
import nibabel
import numpy as np
import pytest

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from screening.views.display_window import Window
from tests.dicom_factory import ct_series, to_files, zip_of
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.upload_calls import blob_folder, fake_zip, files_below
from tests.integration.gateway.records.viewing_calls import (
    create_scan,
    datasets,
    get_view,
    hu_of,
    nifti,
    raw_hu,
    series,
)
from tests.integration.gateway.running_gateway import RunningGateway

SLICES = 24
RAS = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "chest.zip", slices=SLICES, size=128).read_bytes()


@pytest.fixture(scope="module")
def scan(radiologist: httpx.Client, content: bytes) -> str:
    return create_scan(radiologist, content)


def test_the_series_has_the_positions_of_its_slices(radiologist: httpx.Client, scan: str, content: bytes) -> None:
    shown, slices = series(radiologist, scan), datasets(content)
    grid = shown["grid"]
    assert grid["shape"] == [SLICES, 128, 128]
    assert grid["series_uid"] == slices[0].SeriesInstanceUID
    assert shown["study_uids"] == [shown["study_uid"]] == [slices[0].StudyInstanceUID]
    np.testing.assert_allclose(grid["positions_mm"], [one.ImagePositionPatient for one in slices], atol=1e-3)
    assert (grid["row_direction"], grid["column_direction"]) == ([1, 0, 0], [0, 1, 0])
    (chosen,) = shown["candidates"]
    assert (chosen["chosen"], chosen["reason"], chosen["slices"]) == (True, "chosen", SLICES)
    assert (shown["key_slice"], shown["seen_slices"]) == (None, [])
    assert {"lung", "mediastinum", "bone"} <= {window["name"] for window in shown["windows"]}


def test_a_raw_slice_equals_pydicoms_values(radiologist: httpx.Client, scan: str, content: bytes) -> None:
    slices = datasets(content)
    for number in (0, 7, SLICES - 1):
        np.testing.assert_array_equal(raw_hu(radiologist, scan, number), hu_of(slices[number]))


def test_a_png_is_the_slice_in_the_display_window(radiologist: httpx.Client, scan: str, content: bytes) -> None:
    hu = hu_of(datasets(content)[9]).astype(np.int16)
    for center, width in ((-600, 1500), (40, 400)):
        answer = get_view(radiologist, scan, "slices/9", center=center, width=width)
        assert answer.headers["content-type"] == "image/png"
        grey = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(grey, Window(center, width).grey(hu))


def test_the_volume_has_the_position_of_the_dicom_slices(radiologist: httpx.Client, scan: str, content: bytes) -> None:
    volume, slices = nifti(get_view(radiologist, scan, "volume.nii.gz")), datasets(content)
    values = np.asarray(volume.dataobj)
    assert values.shape == (128, 128, SLICES)
    assert values.dtype == np.int16
    for index in (0, 11, SLICES - 1):
        np.testing.assert_array_equal(values[:, :, index].T, hu_of(slices[index]))
        first = np.array(slices[index].ImagePositionPatient, float)
        np.testing.assert_allclose((volume.affine @ (0, 0, index, 1))[:3], RAS @ first, atol=1e-3)
    assert nibabel.aff2axcodes(volume.affine) == ("L", "P", "S")


def test_the_heart_is_on_the_patients_left(radiologist: httpx.Client, scan: str) -> None:
    """The phantom's heart lies in the patient's left, so there is less lung at its height."""
    volume = nifti(get_view(radiologist, scan, "volume.nii.gz"))
    values = np.asarray(volume.dataobj)
    lung = np.argwhere(values[:, :, round(0.32 * SLICES)] < -500)
    x = (volume.affine @ np.c_[lung, np.full(len(lung), 8), np.ones(len(lung))].T)[0]
    inside = np.abs(x) < 120
    assert (x[inside] < 0).sum() < 0.95 * (x[inside] > 0).sum()  # RAS: x grows to the right


@pytest.mark.parametrize("step", [2, 4])
def test_a_coarse_volume_has_the_same_values_at_the_same_position(
    radiologist: httpx.Client, scan: str, step: int
) -> None:
    fine, coarse = (nifti(get_view(radiologist, scan, "volume.nii.gz", step=number)) for number in (1, step))
    values, means = np.asarray(fine.dataobj).astype(float), np.asarray(coarse.dataobj)
    assert means.shape == (128 // step, 128 // step, SLICES // step)
    for column, row, index in np.random.default_rng(0).integers(0, means.shape, (50, 3)):
        mm = coarse.affine @ (column, row, index, 1)
        x, y, z = (np.linalg.inv(fine.affine) @ mm)[:3]
        reach = np.array([0, step]) - step / 2 + 0.5
        (left, right), (top, bottom) = (np.rint(place + reach).astype(int) for place in (x, y))
        cell = values[left:right, top:bottom, round(z)]
        assert cell.shape == (step, step)
        assert means[column, row, index] == pytest.approx(cell.mean(), abs=0.51)


def test_the_lung_mask_has_the_grid_of_the_volume(radiologist: httpx.Client, scan: str) -> None:
    volume, lungs = (nifti(get_view(radiologist, scan, f"{what}.nii.gz")) for what in ("volume", "lungs"))
    mask = np.asarray(lungs.dataobj)
    assert mask.dtype == np.uint8
    assert mask.shape == volume.shape
    np.testing.assert_array_equal(lungs.affine, volume.affine)
    assert set(np.unique(mask)) == {0, 1}
    assert np.median(np.asarray(volume.dataobj)[mask == 1]) < -600
    columns = np.argwhere(mask)[:, 0]
    assert (columns < 64).any()
    assert (columns >= 64).any()
    coarse = nifti(get_view(radiologist, scan, "lungs.nii.gz", step=4))
    assert np.asarray(coarse.dataobj).mean() == pytest.approx(mask.mean(), rel=0.15)


def test_a_thumbnail_is_small(radiologist: httpx.Client, scan: str) -> None:
    data = np.frombuffer(get_view(radiologist, scan, "thumbnail.png").content, np.uint8)
    grey = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
    assert grey.shape == (192, 192)
    assert grey.std() > 20


PATHS = ["series", "slices/3", "slices/3?format=raw", "volume.nii.gz?step=4", "lungs.nii.gz?step=4", "thumbnail.png"]


@pytest.mark.parametrize("what", PATHS)
def test_entity_tags_and_private_caching(radiologist: httpx.Client, scan: str, what: str) -> None:
    address = f"/api/scans/{scan}/{what}"
    answer = radiologist.get(address)
    assert answer.headers["cache-control"] == "private, no-cache"
    again = radiologist.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


def test_every_rendering_has_its_own_entity_tag(radiologist: httpx.Client, scan: str) -> None:
    paths = [*PATHS, "slices/4", "slices/3?center=40&width=400", "volume.nii.gz?step=2"]
    tags = [radiologist.get(f"/api/scans/{scan}/{what}").headers["etag"] for what in paths]
    assert len(set(tags)) == len(paths)


def test_deleted_renderings_are_made_again_with_the_same_bytes(
    radiologist: httpx.Client, records: RunningGateway, scan: str
) -> None:
    first = {
        what: get_view(radiologist, scan, what).content for what in ("volume.nii.gz", "lungs.nii.gz", "thumbnail.png")
    }
    made = files_below(blob_folder(records) / "derived")
    for file in made:
        file.unlink()
    assert {what: get_view(radiologist, scan, what).content for what in first} == first
    assert set(files_below(blob_folder(records) / "derived")) <= set(made)


def test_concurrent_requests_get_the_same_bytes(radiologist: httpx.Client, content: bytes) -> None:
    scan = create_scan(radiologist, content)
    paths = ["volume.nii.gz?step=2", "lungs.nii.gz?step=2", "slices/5?format=raw"] * 6
    with ThreadPoolExecutor(18) as pool:
        answers = list(pool.map(lambda path: radiologist.get(f"/api/scans/{scan}/{path}"), paths))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 3


def test_an_uploaded_nifti_volume_keeps_its_position(radiologist: httpx.Client, scan: str, tmp_path: Path) -> None:
    sent = get_view(radiologist, scan, "volume.nii.gz").content
    again = create_scan(radiologist, sent, "chest.nii.gz")
    back, first = (
        nifti(get_view(radiologist, again, "volume.nii.gz")),
        nifti(get_view(radiologist, scan, "volume.nii.gz")),
    )
    np.testing.assert_array_equal(np.asarray(back.dataobj), np.asarray(first.dataobj))
    np.testing.assert_allclose(back.affine, first.affine, atol=1e-3)
    np.testing.assert_array_equal(raw_hu(radiologist, again, 3), raw_hu(radiologist, scan, 3))


def test_a_zip_inside_a_zip_is_rendered(radiologist: httpx.Client, scan: str, content: bytes) -> None:
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", content)
    packed = create_scan(radiologist, outer.getvalue())
    np.testing.assert_array_equal(raw_hu(radiologist, packed, 3), raw_hu(radiologist, scan, 3))
    np.testing.assert_array_equal(raw_hu(radiologist, packed, 4), raw_hu(radiologist, scan, 4))


def test_each_study_of_an_upload_is_rendered(radiologist: httpx.Client, content: bytes, tmp_path: Path) -> None:
    other = zip_of(tmp_path / "other.zip", to_files(ct_series(14))).read_bytes()
    both = io.BytesIO()
    with zipfile.ZipFile(both, "w") as archive:
        for name, part in (("a.zip", content), ("b.zip", other)):
            archive.writestr(name, part)
    scan = create_scan(radiologist, both.getvalue())
    uids = series(radiologist, scan)["study_uids"]
    assert len(uids) == 2
    assert {uid: series(radiologist, scan, study_uid=uid)["grid"]["shape"][0] for uid in uids} == {
        "2.25.1000": 14,
        datasets(content)[0].StudyInstanceUID: SLICES,
    }
    unknown = radiologist.get(f"/api/scans/{scan}/series", params={"study_uid": "2.25.3"})
    assert problem(unknown) == (404, "not_found")


def test_a_real_jpeg_lossless_series_equals_pydicoms_decoding(radiologist: httpx.Client, real_data: Path) -> None:
    files = {path.name: path.read_bytes() for path in (real_data / "dicom" / "normal001").rglob("*") if path.is_file()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    scan, slices = create_scan(radiologist, packed.getvalue()), datasets(packed.getvalue())
    for number in (0, 70, len(slices) - 1):
        np.testing.assert_array_equal(raw_hu(radiologist, scan, number), np.maximum(hu_of(slices[number]), -1024))
    volume = nifti(get_view(radiologist, scan, "volume.nii.gz", step=4))
    first = np.array(slices[0].ImagePositionPatient, float)
    spacing = np.array([*map(float, slices[0].PixelSpacing[::-1]), 0.0])
    np.testing.assert_allclose((volume.affine @ (0, 0, 0, 1))[:3], RAS @ (first + 1.5 * spacing), atol=1e-2)


@pytest.mark.parametrize("what", ["series", "slices/0", "volume.nii.gz", "lungs.nii.gz", "thumbnail.png"])
def test_unreadable_scans_have_the_error_code_of_the_analysis(
    radiologist: httpx.Client, tmp_path: Path, what: str
) -> None:
    mr = zip_of(tmp_path / "mr.zip", to_files(ct_series(14, Modality="MR"))).read_bytes()
    text = zip_of(tmp_path / "text.zip", {"notes.txt": b"no DICOM here"}).read_bytes()
    refused = {mr: (422, "not_ct"), text: (415, "not_dicom"), fake_zip("broken"): (422, "broken_archive")}
    for content, expected in refused.items():
        assert problem(radiologist.get(f"/api/scans/{create_scan(radiologist, content)}/{what}")) == expected


def test_a_scan_without_lungs_has_slices_but_no_mask(radiologist: httpx.Client, tmp_path: Path) -> None:
    scan = create_scan(radiologist, zip_of(tmp_path / "small.zip", to_files(ct_series(14))).read_bytes())
    assert problem(radiologist.get(f"/api/scans/{scan}/lungs.nii.gz")) == (422, "no_lung")
    assert raw_hu(radiologist, scan, 13).shape == (32, 32)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (f"slices/{SLICES}", (404, "not_found")),
        ("slices/-1", (422, "invalid_request")),
        ("slices/x", (422, "invalid_request")),
        ("slices/0?width=0", (422, "invalid_request")),
        ("slices/0?width=nan", (422, "invalid_request")),
        ("slices/0?center=inf", (422, "invalid_request")),
        ("slices/0?format=tiff", (422, "invalid_request")),
        ("volume.nii.gz?step=3", (422, "invalid_request")),
        ("heatmap.nii.gz?kind=other", (422, "invalid_request")),
        ("heatmap.nii.gz", (404, "no_report")),
        ("series?study_uid=../x", (422, "invalid_request")),
    ],
)
def test_unknown_and_invalid_renderings(
    radiologist: httpx.Client, scan: str, what: str, expected: tuple[int, str]
) -> None:
    assert problem(radiologist.get(f"/api/scans/{scan}/{what}")) == expected


def test_who_may_view_a_scan(researcher: httpx.Client, other_institution: httpx.Client, scan: str) -> None:
    assert researcher.get(f"/api/scans/{scan}/slices/0").status_code == 200
    assert problem(other_institution.get(f"/api/scans/{scan}/slices/0")) == (404, "not_found")


def test_a_deleted_scan_is_not_rendered_and_leaves_no_blob(
    radiologist: httpx.Client, records: RunningGateway, tmp_path: Path
) -> None:
    content = write_phantom(tmp_path / "other.zip", slices=16, size=64, seed=9).read_bytes()
    before, scan = files_below(blob_folder(records)), create_scan(radiologist, content)
    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(radiologist.get, f"/api/scans/{scan}/volume.nii.gz") for _ in range(3)]
        deletion = pool.submit(radiologist.delete, f"/api/scans/{scan}")
        assert deletion.result().status_code == 204
        assert {look.result().status_code for look in looks} <= {200, 404}
    assert problem(radiologist.get(f"/api/scans/{scan}/slices/0")) == (404, "not_found")
    left = set(files_below(blob_folder(records))) - set(before)
    assert all(
        "derived" in path.parts for path in left
    )  # rendered during the deletion; the cleanup deletes it after an hour


def test_scrolling_is_one_audit_event(
    radiologist: httpx.Client, client_for: Callable[..., httpx.Client], content: bytes
) -> None:
    scan = create_scan(radiologist, content)
    for number in range(10):
        get_view(radiologist, scan, f"slices/{number}")
    get_view(radiologist, scan, "series")
    get_view(radiologist, scan, "volume.nii.gz")
    with client_for(Role.ADMIN) as admin:
        events = admin.get("/api/audit", params={"entity": "scan", "entity_id": scan, "limit": 100}).json()["items"]
    seen = [(event["action"], event["detail"]["seen"]) for event in events if "seen" in event["detail"]]
    assert sorted(seen) == [("export", "volume"), ("read", "series"), ("read", "slices")]


def test_a_volume_holds_no_patient_name(radiologist: httpx.Client, scan: str) -> None:
    assert b"Phantom" not in gzip.decompress(get_view(radiologist, scan, "volume.nii.gz").content)[:352]
