"""Queries of searches (PS3.18 8.3.4)."""

import pytest

from gateway.errors import InvalidQuery
from gateway.pacs.dicomweb.search_query import MOST_MATCHES, Kind, Level, Match, SearchQuery, matches_text


def query(*pairs: tuple[str, str], level: Level = Level.STUDY) -> SearchQuery:
    return SearchQuery.of(pairs, level)


def test_attributes_are_named_by_keyword_or_tag() -> None:
    wanted = (Match("PatientID", Kind.TEXT, ("X-1",)),)
    assert query(("PatientID", "X-1")).matches == query(("00100020", "X-1")).matches == wanted


def test_empty_values_and_a_star_match_everything() -> None:
    assert query(("PatientID", ""), ("PatientName", "*")).matches == ()


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("20240101", ("20240101", "20240101")),
        ("20240101-20240131", ("20240101", "20240131")),
        ("-20240131", ("", "20240131")),
        ("20240101-", ("20240101", "")),
    ],
)
def test_dates_are_ranges(text: str, ends: tuple[str, str]) -> None:
    assert query(("StudyDate", text)).matches[0].values == ends


@pytest.mark.parametrize(
    "pair",
    [
        ("StudyDate", "-"),
        ("StudyDate", "2024"),
        ("StudyInstanceUID", "1.2,x"),
        ("SOPInstanceUID", "1.2"),
        ("PixelData", "x"),
        ("nobody", "x"),
        ("PatientName", "a\0b"),
        ("PatientName", "x" * 5000),
        ("limit", "ten"),
        ("offset", "-1"),
        ("limit", "99999999999"),
    ],
)
def test_what_is_not_matched_is_an_error_that_quotes_no_value(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidQuery) as raised:
        query(pair)
    assert len(raised.value.detail) < 200


def test_paging_and_warnings() -> None:
    assert query(("limit", "10000")).limit == MOST_MATCHES
    assert (query(("limit", "0"), ("offset", "3")).limit, query(("offset", "3")).offset) == (0, 3)
    assert "fuzzymatching" in query(("fuzzymatching", "true")).warnings[0]
    assert query(("fuzzymatching", "false"), ("includefield", "all"), ("includefield", "00081030")).warnings == ()


def test_levels() -> None:
    both = query(("PatientID", "x"), ("SOPInstanceUID", "1.2"), level=Level.INSTANCE)
    assert [one.keyword for one in both.at(Level.INSTANCE)] == ["SOPInstanceUID"]
    assert both.with_uids(StudyInstanceUID="1.3", SeriesInstanceUID=None).matches[-1].values == ("1.3",)


def test_without_names_only_identifiers_that_tell_nothing_may_be_asked_for() -> None:
    assert query(("PatientID", "P-1"), ("StudyInstanceUID", "1.2")).why_without_names() is None
    assert "AccessionNumber" in (query(("AccessionNumber", "1")).why_without_names() or "")


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("A*", "Anna", True), ("A?na", "Anna", True), ("a*", "Anna", False), ("A.na", "Anna", False), ("", "", True)],
)
def test_wildcards(pattern: str, text: str, fits: bool) -> None:
    assert matches_text(pattern, text, any_case=False) is fits
    assert matches_text(pattern.upper(), text, any_case=True) is (fits or pattern == "a*")


def test_a_pattern_of_many_stars_does_not_hang() -> None:
    assert not matches_text("*" * 2000 + "x", "1" * 64, any_case=False)
    assert not matches_text("*1" * 60 + "x", "1" * 64, any_case=True)
    assert matches_text("[*]", "[1]", any_case=False)
