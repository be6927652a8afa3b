"""The corpus: each upload and its required result."""

import gzip
import zipfile
from functools import partial

from pydicom import uid

from tests.corpus import archives, corrupt_files, folders, pixels, positions, single_files, wrong_content
from tests.corpus.case import PLANTED, Accepted, Builder, Refused
from tests.corpus.clean_study import (
    in_every_slice,
    set_elements,
    with_bytes_changed,
    with_slices_changed,
    without_elements,
)
from tests.corpus.raw_zip import stored, zeros


def relabelled(syntax: str) -> Builder:
    """The clean study with another Transfer Syntax UID than that of its bytes."""
    return with_bytes_changed(partial(corrupt_files.relabelled, syntax=syntax))


ARCHIVES = (
    Refused("empty zip", archives.of(), "empty_upload", 400),
    Refused("zip of empty files", archives.of(stored("a.dcm", b""), stored("b.dcm", b"")), "empty_upload", 400),
    Refused("zip of texts", archives.of(stored("readme.txt", b"no scan here\n" * 99)), "not_dicom", 415),
    Refused("truncated zip", archives.truncated, "broken_archive"),
    Refused("zip with flipped bits", archives.flipped_bits, "broken_archive"),
    Refused("zip of garbage for deflate", archives.garbage_for_deflate, "broken_archive"),
    Refused("encrypted zip", archives.encrypted_zip, "encrypted_archive"),
    Refused("flat bomb", archives.of(zeros("a.dcm", 1024)), "over_budget", 413),
    Refused("bomb with wrong sizes", archives.wrong_sizes, "broken_archive"),
    Refused("nested bomb", archives.nested_bomb, "over_budget", 413),
    Refused("bomb in an inner zip", archives.bomb_in_inner_zip, "over_budget", 413),
    Refused("overlapping bomb, whole", archives.overlapping_whole, "unsafe_member"),
    Refused("overlapping bomb, quoted", archives.overlapping_quoted, "unsafe_member"),
    Refused("nested too deep", archives.nested(5), "over_budget", 413),
    Refused("100,000 members", archives.many_members, "over_budget", 413),
    Refused("declares a terabyte", archives.declares_terabytes, "over_budget", 413),
    Refused("7z", single_files.file_of(b"7z\xbc\xaf\x27\x1c" + bytes(999), ".7z"), "unsupported_archive", 415),
    Refused("RAR", single_files.file_of(b"Rar!\x1a\x07\x01\x00" + bytes(999), ".rar"), "unsupported_archive", 415),
    Refused("first part of a split zip", archives.first_part_of_a_split_zip, "unsupported_archive", 415),
    Refused("last part of a split zip", archives.last_part_of_a_split_zip, "unsupported_archive", 415),
    Refused("tar cut off", archives.tar_cut_off, "broken_archive"),
    Refused("tar with a link", archives.tar_with_link, "unsafe_member"),
    Refused("tar bomb in bzip2", archives.bzip2_bomb, "over_budget", 413),
    Refused("gzip in gzip in gzip", archives.wrapped(gzip.compress, 3), "over_budget", 413),
    Refused("symbolic link", archives.with_link_member(b"/etc/passwd"), "unsafe_member"),
)

FILES = (
    Refused("empty file", single_files.file_of(b"", ".dcm"), "empty_upload", 400),
    Refused("text", single_files.file_of(b"Dear doctor,\n", ".txt"), "not_dicom", 415),
    Refused("JPEG", single_files.jpeg, "not_dicom", 415),
    Refused("PDF", single_files.file_of(b"%PDF-1.7\n%%EOF\n", ".pdf"), "not_dicom", 415),
    Refused("zeros", single_files.file_of(bytes(100_000), ".dcm"), "not_dicom", 415),
    Refused("preamble alone", single_files.preamble_alone, "broken_dicom"),
    Refused("truncated DICOM", single_files.dicom_cut_in_the_header, "broken_dicom"),
    Refused("one slice in gzip", single_files.dicom_in_gzip, "no_chest_series"),
    Refused("gzip cut off", single_files.file_of(single_files.GZIP_MAGIC + b"\x00", ".gz"), "broken_archive"),
    Refused("NIfTI bomb", single_files.nifti_bomb, "over_budget", 413),
    Refused("NIfTI without end", single_files.nifti_without_end, "over_budget", 413),
    Refused("NIfTI that declares 70 TB", single_files.nifti_declaring_70_tb, "over_budget", 413),
    Refused("NIfTI without an orientation", single_files.nifti_without_orientation, "missing_position"),
    Refused("NIfTI of parallel axes", single_files.nifti_of_parallel_axes, "broken_dicom"),
    Refused("NIfTI of NaNs", single_files.nifti_of_nans, "not_hounsfield"),
    Refused("NIfTI cut off", single_files.nifti_cut, "broken_pixels"),
)

STREAMS = (
    Refused("every slice cut in its header", with_bytes_changed(corrupt_files.cut_in_the_header), "broken_dicom"),
    Refused("every slice cut in its pixels", with_bytes_changed(corrupt_files.cut_in_the_pixels), "broken_dicom"),
    Refused("sequences 10,000 deep", with_bytes_changed(corrupt_files.nested_sequences), "broken_dicom"),
    Refused("element without end", with_bytes_changed(corrupt_files.endless_element), "broken_dicom"),
    Refused("pixels of four gibibytes", with_bytes_changed(corrupt_files.pixel_length_of_terabytes), "broken_dicom"),
    Refused("private element of 64 MiB", corrupt_files.one_huge_element, "over_budget", 413),
    Refused("deflated-syntax bomb", corrupt_files.deflated_bomb, "over_budget", 413),
    Refused("deflated syntax, garbage", relabelled(uid.DeflatedExplicitVRLittleEndian), "broken_dicom"),
)

KINDS = (
    Refused("MR", in_every_slice(wrong_content.as_mr), "not_ct"),
    Refused("modality of a name", in_every_slice(set_elements(Modality=PLANTED)), "not_ct"),
    Refused("PET", in_every_slice(wrong_content.as_pet), "not_ct"),
    Refused("chest X-ray", with_slices_changed(wrong_content.chest_xray), "not_ct"),
    Refused("RTSTRUCT", with_slices_changed(wrong_content.structure_set), "not_ct"),
    Refused("PDF in DICOM", with_slices_changed(wrong_content.encapsulated_pdf), "not_ct"),
    Refused("colour capture of a CT", in_every_slice(wrong_content.colour_capture), "no_chest_series"),
    Refused("CT in colour", in_every_slice(wrong_content.colour), "no_chest_series"),
    Refused("localiser only", in_every_slice(wrong_content.as_localiser), "no_chest_series"),
    Refused("3 slices", with_slices_changed(lambda slices: slices[:3]), "no_chest_series"),
    Refused("head CT", in_every_slice(wrong_content.head_ct), "no_lung"),
    Refused("HU + 1024, no rescale", in_every_slice(wrong_content.shifted_without_rescale), "not_hounsfield"),
    Refused("rescale applied twice", in_every_slice(wrong_content.rescaled_twice), "not_hounsfield"),
    Refused("padding over all values", in_every_slice(wrong_content.padding_over_all), "not_hounsfield"),
    Refused(
        "one slice with another intercept", with_slices_changed(wrong_content.one_intercept_of_0), "not_hounsfield"
    ),
    Refused("abdomen", in_every_slice(wrong_content.abdomen_ct), "no_lung"),
    Refused("water with a rod of air", in_every_slice(wrong_content.air_rod_in_water), "no_lung"),
    Refused("HU upside down", in_every_slice(wrong_content.inverted), "not_hounsfield"),
    Refused("screenshots in grey", in_every_slice(wrong_content.grey_capture), "not_hounsfield"),
    Refused("air only", in_every_slice(wrong_content.air), "no_lung"),
    Refused("water only", in_every_slice(wrong_content.water), "no_lung"),
    Refused("mixed patients", with_slices_changed(wrong_content.two_patients), "mixed_patients"),
)

PLACES = (
    Refused("no position", in_every_slice(positions.without_position), "missing_position"),
    Refused("no orientation", in_every_slice(positions.without_orientation), "missing_position"),
    Refused("position of NaN", in_every_slice(positions.position_of_nan), "missing_position"),
    Refused("position at infinity", in_every_slice(positions.position_at_infinity), "missing_position"),
    Refused("orientation of zeros", in_every_slice(positions.orientation_of_zeros), "missing_position"),
    Refused("orientation of parallels", in_every_slice(positions.orientation_parallel), "missing_position"),
    Refused("orientation of twos", in_every_slice(positions.orientation_of_twos), "missing_position"),
    Refused("orientation of 1e200", in_every_slice(positions.orientation_of_1e200), "missing_position"),
    Refused("positions of 1e300", in_every_slice(positions.position_of_1e300), "missing_position"),
    Refused("all in one place", in_every_slice(positions.one_position), "no_chest_series"),
    Refused("gap in the middle", with_slices_changed(positions.gap), "view_gap_too_wide"),
    Refused("no spacing", in_every_slice(positions.without_spacing), "invalid_spacing"),
    Refused("spacing of NaN", in_every_slice(positions.spacing("nan")), "invalid_spacing"),
    Refused("spacing of zero", in_every_slice(positions.spacing("0")), "invalid_spacing"),
    Refused("negative spacing", in_every_slice(positions.spacing("-0.7")), "invalid_spacing"),
    Refused("spacing of 1e300", in_every_slice(positions.spacing("1e300")), "invalid_spacing"),
)

PIXELS = (
    Refused("declares 60,000 x 60,000", in_every_slice(pixels.declares_60000), "over_budget", 413),
    Refused("declares a billion frames", in_every_slice(pixels.declares_billion_frames), "over_budget", 413),
    Refused("no pixel data", in_every_slice(wrong_content.without_pixels), "no_pixel_data"),
    Refused("empty pixel data", in_every_slice(pixels.no_pixels), "broken_pixels"),
    Refused("half the pixels", in_every_slice(pixels.half_the_pixels), "broken_pixels"),
    Refused("one slice broken", with_slices_changed(pixels.one_slice_truncated), "broken_pixels"),
    Refused("no rows", in_every_slice(pixels.no_rows), "broken_dicom"),
    Refused("negative rows", in_every_slice(pixels.negative_rows), "broken_pixels"),
    Refused("BitsAllocated 7", in_every_slice(pixels.bits_allocated_7), "broken_pixels"),
    Refused("BitsAllocated 64", in_every_slice(pixels.bits_allocated_64), "broken_pixels"),
    Refused("BitsStored beyond BitsAllocated", in_every_slice(pixels.bits_stored_beyond), "broken_pixels"),
    Refused("PixelRepresentation 2", in_every_slice(pixels.sign_of_2), "broken_dicom"),
    Refused("PixelRepresentation of another kind", in_every_slice(pixels.sign_of_another_kind), "not_hounsfield"),
    Refused("no samples", in_every_slice(pixels.no_samples), "broken_dicom"),
    Refused("RescaleSlope 0", in_every_slice(pixels.rescaled("0")), "broken_pixels"),
    Refused("RescaleSlope NaN", in_every_slice(pixels.rescaled("nan")), "broken_pixels"),
    Refused("RescaleSlope 1e30", in_every_slice(pixels.rescaled("1e30")), "not_hounsfield"),
    Refused("RescaleIntercept of words", in_every_slice(pixels.intercept_of_words), "broken_pixels"),
    Refused("JPEG 2000 that declares 60,000 x 60,000", corrupt_files.jpeg2000_declaring_60000, "broken_pixels"),
    Refused("RLE of garbage", corrupt_files.garbage_for_rle, "broken_pixels"),
    Refused("labelled big endian", relabelled(uid.ExplicitVRBigEndian), "broken_dicom"),
    Refused("labelled MPEG-4", relabelled(uid.MPEG4HP41), "unsupported_transfer_syntax"),
    Refused("labelled unknown", relabelled("1.2.3.4.5"), "unsupported_transfer_syntax"),
    Refused("labelled with a name", relabelled(PLANTED), "unsupported_transfer_syntax"),
)

FOLDERS = (
    Refused("empty folder", folders.empty, "empty_upload", 400),
    Refused("folder with a link to a file", folders.with_link_to("/etc/passwd"), "unsafe_member"),
    Refused("folder with a link to a folder", folders.with_link_to("/etc"), "unsafe_member"),
    Refused("folder with a link to nowhere", folders.with_link_to("nowhere"), "unsafe_member"),
    Refused("folder with a pipe", folders.with_pipe, "unsafe_member"),
)

REFUSED = (*ARCHIVES, *FILES, *STREAMS, *KINDS, *PLACES, *PIXELS)

ACCEPTED_FOLDERS = (Accepted("hidden files in the folder", folders.with_hidden_files),)

UIDS = (
    Accepted("study UID of words", in_every_slice(positions.study_uid("not a uid")), "UID", same_uids=False),
    Accepted("study UID of a path", in_every_slice(positions.study_uid("../../etc/passwd")), "UID", same_uids=False),
    Accepted(
        "study UID of a formula", in_every_slice(positions.study_uid("=cmd|'/C calc'!A0")), "UID", same_uids=False
    ),
    Accepted("study UID of 65 digits", in_every_slice(positions.study_uid("1." + "2" * 63)), "UID", same_uids=False),
    Accepted("study UID empty", in_every_slice(positions.study_uid("")), "UID", same_uids=False),
    Accepted("study UID absent", in_every_slice(without_elements("StudyInstanceUID")), "UID", same_uids=False),
    Accepted(
        "series UID of words", in_every_slice(set_elements(SeriesInstanceUID="not a uid")), "UID", same_uids=False
    ),
    Accepted("one SOP Instance UID for all", in_every_slice(positions.one_uid_for_all), "SOP", same_uids=False),
    Accepted(
        "one SOP Instance UID in two places",
        with_slices_changed(positions.duplicate_uid_at_two_positions),
        "SOP Instance UID",
        same_uids=False,
    ),
)

ACCEPTED = (
    *UIDS,
    Accepted("../ member", archives.with_member_name("../../etc/cron.d/evil")),
    Accepted("..\\ member", archives.with_member_name("..\\..\\evil.dll")),
    Accepted("absolute member", archives.with_member_name("/etc/passwd")),
    Accepted("member with a drive", archives.with_member_name("C:\\evil.dll")),
    Accepted("name in broken UTF-8", archives.with_member_name(b"\xff\xfe\x80.dcm")),
    Accepted("member name with a NUL", archives.with_member_name(b"slice.dcm\0.exe")),
    Accepted("tar", archives.tar("w:")),
    Accepted("tar in gzip", archives.tar("w:gz")),
    Accepted("tar in bzip2", archives.tar("w:bz2")),
    Accepted("tar in xz", archives.tar("w:xz")),
    Accepted("old tar with long names", archives.tar("w:", long_names=True)),
    Accepted("zip in gzip", archives.wrapped(gzip.compress, 1)),
    Accepted("zip in gzip in gzip", archives.wrapped(gzip.compress, 2)),
    Accepted("zip behind a program", archives.self_extracting),
    Accepted("bzip2 within zip", archives.packed_with(zipfile.ZIP_BZIP2)),
    Accepted("LZMA within zip", archives.packed_with(zipfile.ZIP_LZMA)),
    Accepted("deflate64", archives.deflate64),
    Accepted("labelled JPEG 2000", relabelled(uid.JPEG2000Lossless), "Transfer Syntax UID"),
    Accepted("labelled RLE", relabelled(uid.RLELossless), "Transfer Syntax UID"),
    Accepted("RLE labelled native", corrupt_files.rle_labelled_native, "Transfer Syntax UID"),
    Accepted("an element of unknown VR", with_bytes_changed(corrupt_files.unknown_vr)),
    Accepted("decimal commas", in_every_slice(positions.decimal_commas), "decimal comma"),
    Accepted("rescale missing in one slice", with_slices_changed(wrong_content.one_without_rescale), "Rescale"),
    Accepted("Modality LUT", in_every_slice(wrong_content.modality_lut)),
    Accepted("Rescale Type in words", in_every_slice(set_elements(RescaleType="Hounsfield"))),
    Accepted("Rescale Type NONE", in_every_slice(set_elements(RescaleType="NONE"))),
    Accepted("values at the high end of their bits", in_every_slice(pixels.left_aligned), "High Bit"),
    Accepted("a dose report of another patient", with_slices_changed(wrong_content.with_dose_report), "patient"),
    Accepted("names backwards", with_slices_changed(positions.backwards)),
    Accepted("names in no order", with_slices_changed(positions.shuffled)),
    Accepted("every slice twice", with_slices_changed(positions.doubled), warning="24 file(s) that repeat another one"),
    Accepted("members of one name", archives.same_names),
    Accepted("right-to-left name", archives.with_member_name("\u202emcd.exe")),
    Accepted("name in an old code page", archives.with_member_name("Зебулон.dcm".encode("cp1251"), flags=0)),
    Accepted("member without a name", archives.with_member_name("")),
    Accepted("name of 60,000 letters", archives.with_member_name("x" * 60_000)),
    Accepted("names with backslashes", archives.with_member_name("folder\\0001.dcm")),
    Accepted("a text among the slices", archives.chest_with(stored("readme.txt", b"Dear doctor,\n"))),
    Accepted("zip in zip", archives.nested(1)),
    Accepted("an MR series beside it", with_slices_changed(wrong_content.chest_and_mr)),
    Accepted("MONOCHROME1", in_every_slice(pixels.monochrome1)),
    Accepted("programs in the preambles", with_bytes_changed(partial(corrupt_files.preamble_of, magic=b"MZ\x90\x00"))),
    Accepted("zips in the preambles", with_bytes_changed(partial(corrupt_files.preamble_of, magic=b"PK\x03\x04"))),
    Accepted(
        "control characters in the name",
        in_every_slice(set_elements(PatientName=PLANTED + "\r\n\x1b[31m{'level': 'info'}")),
    ),
    Accepted("garbage for functional groups", with_bytes_changed(corrupt_files.garbage_functional_groups)),
    Accepted("private element of 4 MiB", with_bytes_changed(corrupt_files.private_element)),
)
