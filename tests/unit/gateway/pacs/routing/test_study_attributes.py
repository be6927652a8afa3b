"""What is known of a study from what its instances say."""

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import SeriesAttributes
from gateway.pacs.routing.study_attributes import attributes_of

STUDY = (Source.DIMSE, "CT1", "Thorax", 61.0)


def test_objects_beside_the_ct_are_not_asked_for_a_body_part() -> None:
    ct = SeriesAttributes("CT", "CHEST", "ROOM 3", "Lung")
    known = attributes_of(*STUDY, [ct, SeriesAttributes("SR", "", "PACS", "Dose"), ct])
    assert known.modalities == {"CT", "SR"}
    assert (known.body_parts, known.stations) == (frozenset({"CHEST"}), frozenset({"ROOM 3"}))
    assert known.series_descriptions == ("Lung",)


def test_a_series_without_a_value_is_kept_as_one() -> None:
    known = attributes_of(*STUDY, [SeriesAttributes("CT", "CHEST", "", "A"), SeriesAttributes("CT", "", "", "")])
    assert (known.body_parts, known.stations) == (frozenset({"CHEST", ""}), frozenset({""}))
    assert known.series_descriptions == ("", "A")


def test_a_study_without_ct_tells_what_it_holds() -> None:
    known = attributes_of(*STUDY, [SeriesAttributes("MR", "HEAD", "MR1", "T1")])
    assert (known.modalities, known.body_parts) == (frozenset({"MR"}), frozenset({"HEAD"}))
