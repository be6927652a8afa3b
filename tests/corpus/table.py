"""The corpus: what is sent, and the one answer that it may get."""

from functools import partial

from pydicom import uid

from tests.corpus import archives, files, folders, kinds, pixels, places, streams
from tests.corpus.case import PLANTED, Accepted, Builder, Refused
from tests.corpus.chest import bytewise, every, lacking, reworked, setting
from tests.corpus.rawzip import stored, zeros


def labelled(syntax: str) -> Builder:
    """The clean study under the name of another transfer syntax."""
    return bytewise(partial(streams.labelled, syntax=syntax))


ARCHIVES = (
    Refused("empty zip", archives.of(), "empty_upload", 400),
    Refused("zip of empty files", archives.of(stored("a.dcm", b""), stored("b.dcm", b"")), "empty_upload", 400),
    Refused("zip of texts", archives.of(stored("readme.txt", b"no scan here\n" * 99)), "not_dicom", 415),
    Refused("truncated zip", archives.cut_short, "broken_archive"),
    Refused("zip with flipped bits", archives.flipped_bits, "broken_archive"),
    Refused("zip of garbage for deflate", archives.garbage_for_deflate, "broken_archive"),
    Refused("encrypted zip", archives.encrypted, "encrypted_archive"),
    Refused("flat bomb", archives.of(zeros("a.dcm", 1024)), "over_budget", 413),
    Refused("bomb that lies about its size", archives.lying_about_sizes, "broken_archive"),
    Refused("nested bomb", archives.nested_bomb, "over_budget", 413),
    Refused("bomb in an inner zip", archives.compressed_bomb, "over_budget", 413),
    Refused("overlapping bomb, whole", archives.overlapping_whole, "unsafe_member"),
    Refused("overlapping bomb, quoted", archives.overlapping_quoted, "unsafe_member"),
    Refused("nested too deep", archives.nested(5), "over_budget", 413),
    Refused("100,000 members", archives.many_members, "over_budget", 413),
    Refused("promises a terabyte", archives.promises_terabytes, "over_budget", 413),
    Refused("../ member", archives.named("../../etc/cron.d/evil"), "unsafe_member"),
    Refused("..\\ member", archives.named("..\\..\\evil.dll"), "unsafe_member"),
    Refused("absolute member", archives.named("/etc/passwd"), "unsafe_member"),
    Refused("member with a drive", archives.named("C:\\evil.dll"), "unsafe_member"),
    Refused("name in broken UTF-8", archives.named(b"\xff\xfe\x80.dcm"), "broken_archive"),
    Refused("member name with a NUL", archives.named(b"slice.dcm\0.exe"), "unsafe_member"),
    Refused("symbolic link", archives.linked(b"/etc/passwd"), "unsafe_member"),
)

FILES = (
    Refused("empty file", files.holding(b"", ".dcm"), "empty_upload", 400),
    Refused("text", files.holding(b"Dear doctor,\n", ".txt"), "not_dicom", 415),
    Refused("JPEG", files.jpeg, "not_dicom", 415),
    Refused("PDF", files.holding(b"%PDF-1.7\n%%EOF\n", ".pdf"), "not_dicom", 415),
    Refused("zeros", files.holding(bytes(100_000), ".dcm"), "not_dicom", 415),
    Refused("preamble alone", files.preamble_alone, "broken_dicom"),
    Refused("truncated DICOM", files.dicom_cut_in_the_header, "broken_dicom"),
    Refused("one slice in gzip", files.dicom_in_gzip, "no_chest_series"),
    Refused("gzip cut off", files.holding(files.GZIP_MAGIC + b"\x00", ".gz"), "broken_archive"),
    Refused("NIfTI bomb", files.nifti_bomb, "over_budget", 413),
    Refused("NIfTI without end", files.nifti_without_end, "over_budget", 413),
    Refused("NIfTI that promises 70 TB", files.nifti_promising, "over_budget", 413),
    Refused("NIfTI without a place", files.nifti_without_a_place, "missing_position"),
    Refused("NIfTI of parallel axes", files.nifti_of_parallel_axes, "broken_dicom"),
    Refused("NIfTI of NaNs", files.nifti_of_nans, "broken_pixels"),
    Refused("NIfTI cut off", files.nifti_cut, "broken_pixels"),
)

STREAMS = (
    Refused("every slice cut in its header", bytewise(streams.cut_in_the_header), "broken_dicom"),
    Refused("every slice cut in its pixels", bytewise(streams.cut_in_the_pixels), "broken_dicom"),
    Refused("sequences 10,000 deep", bytewise(streams.nested_sequences), "broken_dicom"),
    Refused("element without end", bytewise(streams.endless_element), "broken_dicom"),
    Refused("pixels of four gibibytes", bytewise(streams.pixel_length_of_terabytes), "broken_dicom"),
    Refused("private element of 64 MiB", streams.one_huge_element, "over_budget", 413),
    Refused("deflated-syntax bomb", streams.deflated_bomb, "over_budget", 413),
    Refused("deflated syntax, garbage", labelled(uid.DeflatedExplicitVRLittleEndian), "broken_dicom"),
)

KINDS = (
    Refused("MR", every(kinds.mr), "not_ct"),
    Refused("modality of a name", every(setting(Modality=PLANTED)), "not_ct"),
    Refused("PET", every(kinds.pet), "not_ct"),
    Refused("chest X-ray", reworked(kinds.chest_xray), "not_ct"),
    Refused("RTSTRUCT", reworked(kinds.structure_set), "not_ct"),
    Refused("PDF in DICOM", reworked(kinds.encapsulated_pdf), "not_ct"),
    Refused("colour capture of a CT", every(kinds.colour_capture), "no_chest_series"),
    Refused("CT in colour", every(kinds.colour), "no_chest_series"),
    Refused("localiser only", every(kinds.localiser), "no_chest_series"),
    Refused("3 slices", reworked(lambda slices: slices[:3]), "no_chest_series"),
    Refused("head CT", every(kinds.head), "no_lung"),
    Refused("belly", every(kinds.belly), "no_lung"),
    Refused("water with a rod of air", every(kinds.rod), "no_lung"),
    Refused("HU upside down", every(kinds.inverted), "no_lung"),
    Refused("screenshots in grey", every(kinds.grey_capture), "no_lung"),
    Refused("air only", every(kinds.air), "no_lung"),
    Refused("water only", every(kinds.water), "no_lung"),
    Refused("mixed patients", reworked(kinds.two_patients), "mixed_patients"),
)

PLACES = (
    Refused("no position", every(places.without_position), "missing_position"),
    Refused("no orientation", every(places.without_orientation), "missing_position"),
    Refused("position of NaN", every(places.position_of_nan), "missing_position"),
    Refused("position at infinity", every(places.position_at_infinity), "missing_position"),
    Refused("orientation of zeros", every(places.orientation_of_zeros), "missing_position"),
    Refused("orientation of parallels", every(places.orientation_parallel), "missing_position"),
    Refused("orientation of twos", every(places.orientation_of_twos), "missing_position"),
    Refused("orientation of 1e200", every(places.orientation_of_1e200), "missing_position"),
    Refused("positions of 1e300", every(places.position_of_1e300), "missing_position"),
    Refused("all in one place", every(places.one_place), "no_chest_series"),
    Refused("gap in the middle", reworked(places.gap), "no_chest_series"),
    Refused("no spacing", every(places.without_spacing), "invalid_spacing"),
    Refused("spacing of NaN", every(places.spacing("nan")), "invalid_spacing"),
    Refused("spacing of zero", every(places.spacing("0")), "invalid_spacing"),
    Refused("negative spacing", every(places.spacing("-0.7")), "invalid_spacing"),
    Refused("spacing of 1e300", every(places.spacing("1e300")), "invalid_spacing"),
    Refused("study UID of words", every(places.study_uid("not a uid")), "invalid_uid"),
    Refused("study UID of a path", every(places.study_uid("../../etc/passwd")), "invalid_uid"),
    Refused("study UID of a formula", every(places.study_uid("=cmd|'/C calc'!A0")), "invalid_uid"),
    Refused("study UID of 65 digits", every(places.study_uid("1." + "2" * 63)), "invalid_uid"),
    Refused("study UID empty", every(places.study_uid("")), "invalid_uid"),
    Refused("study UID absent", every(lacking("StudyInstanceUID")), "invalid_uid"),
    Refused("series UID of words", every(setting(SeriesInstanceUID="not a uid")), "invalid_uid"),
    Refused("one SOP Instance UID in two places", reworked(places.contradicting_twins), "no_chest_series"),
    Refused("one SOP Instance UID for all", every(places.one_uid_for_all), "no_chest_series"),
)

PIXELS = (
    Refused("promises 60,000 x 60,000", every(pixels.promises_60000), "over_budget", 413),
    Refused("promises a billion frames", every(pixels.promises_billion_frames), "over_budget", 413),
    Refused("no pixel data", every(kinds.without_pixels), "no_pixel_data"),
    Refused("empty pixel data", every(pixels.no_pixels), "broken_pixels"),
    Refused("half the pixels", every(pixels.half_the_pixels), "broken_pixels"),
    Refused("one slice broken", reworked(pixels.one_cut), "broken_pixels"),
    Refused("no rows", every(pixels.no_rows), "broken_dicom"),
    Refused("negative rows", every(pixels.negative_rows), "broken_pixels"),
    Refused("BitsAllocated 7", every(pixels.bits_allocated_7), "broken_pixels"),
    Refused("BitsAllocated 64", every(pixels.bits_allocated_64), "broken_pixels"),
    Refused("BitsStored beyond BitsAllocated", every(pixels.bits_stored_beyond), "broken_pixels"),
    Refused("PixelRepresentation 2", every(pixels.sign_of_2), "broken_dicom"),
    Refused("PixelRepresentation of another kind", every(pixels.sign_of_another_kind), "no_lung"),
    Refused("no samples", every(pixels.no_samples), "broken_dicom"),
    Refused("RescaleSlope 0", every(pixels.rescaled("0")), "broken_pixels"),
    Refused("RescaleSlope NaN", every(pixels.rescaled("nan")), "broken_pixels"),
    Refused("RescaleSlope 1e30", every(pixels.rescaled("1e30")), "no_lung"),
    Refused("RescaleIntercept of words", every(pixels.intercept_of_words), "broken_pixels"),
    Refused("labelled JPEG 2000", labelled(uid.JPEG2000Lossless), "broken_pixels"),
    Refused("labelled RLE", labelled(uid.RLELossless), "broken_pixels"),
    Refused("JPEG 2000 that promises 60,000 x 60,000", streams.jpeg2000_promising_60000, "broken_pixels"),
    Refused("RLE of garbage", streams.garbage_for_rle, "broken_pixels"),
    Refused("labelled big endian", labelled(uid.ExplicitVRBigEndian), "broken_dicom"),
    Refused("labelled MPEG-4", labelled(uid.MPEG4HP41), "unsupported_transfer_syntax"),
    Refused("labelled unknown", labelled("1.2.3.4.5"), "unsupported_transfer_syntax"),
    Refused("labelled with a name", labelled(PLANTED), "unsupported_transfer_syntax"),
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

ACCEPTED = (
    Accepted("names backwards", reworked(places.backwards)),
    Accepted("names in no order", reworked(places.shuffled)),
    Accepted("every slice twice", reworked(places.doubled), warning="24 file(s) that repeat another one"),
    Accepted("members of one name", archives.same_names),
    Accepted("right-to-left name", archives.named("\u202emcd.exe")),
    Accepted("name in an old code page", archives.named("Зебулон.dcm".encode("cp1251"), flags=0)),
    Accepted("member without a name", archives.named("")),
    Accepted("name of 60,000 letters", archives.named("x" * 60_000)),
    Accepted("names with backslashes", archives.named("folder\\0001.dcm")),
    Accepted("a text among the slices", archives.chest_with(stored("readme.txt", b"Dear doctor,\n"))),
    Accepted("zip in zip", archives.nested(1)),
    Accepted("an MR series beside it", reworked(kinds.chest_and_mr)),
    Accepted("MONOCHROME1", every(pixels.monochrome1)),
    Accepted("programs in the preambles", bytewise(partial(streams.preamble_of, magic=b"MZ\x90\x00"))),
    Accepted("zips in the preambles", bytewise(partial(streams.preamble_of, magic=b"PK\x03\x04"))),
    Accepted("control characters in the name", every(setting(PatientName=PLANTED + "\r\n\x1b[31m{'level': 'info'}"))),
    Accepted("garbage for functional groups", bytewise(streams.garbage_functional_groups)),
    Accepted("private element of 4 MiB", bytewise(streams.private_element)),
)
