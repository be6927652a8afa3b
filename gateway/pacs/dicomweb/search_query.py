"""The query of a search (PS3.18 8.3.4): attributes to match, and which part of the matches to return.

Attributes are named by keyword or by eight hexadecimal digits. One that is not matched here is an error, for leaving
it out would return more than was asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, Self

from pydicom.datadict import keyword_for_tag

from gateway.errors import InvalidQuery
from gateway.pacs.wildcards import whole_match
from screening.dicom.slice_header import is_uid

MOST_MATCHES: Final = 500  # in one answer; further ones by offset
_DATE: Final = re.compile(r"\d{8}")
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_CONTROL: Final = ("limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching")


class Kind(Enum):
    """How an attribute is matched (PS3.4 C.2.2.2)."""

    TEXT = auto()  # single value and wildcards * and ?
    NAME = auto()  # the same, in any case
    DATE = auto()  # range
    UIDS = auto()  # list
    CODES = auto()  # any of a list


class Level(Enum):
    """The level of the information model that an attribute belongs to."""

    STUDY = auto()
    SERIES = auto()
    INSTANCE = auto()


MATCHED: Final[Mapping[str, tuple[Level, Kind]]] = MappingProxyType(
    {
        "StudyDate": (Level.STUDY, Kind.DATE),
        "StudyTime": (Level.STUDY, Kind.TEXT),
        "AccessionNumber": (Level.STUDY, Kind.TEXT),
        "ModalitiesInStudy": (Level.STUDY, Kind.CODES),
        "ReferringPhysicianName": (Level.STUDY, Kind.NAME),
        "StudyDescription": (Level.STUDY, Kind.TEXT),
        "PatientName": (Level.STUDY, Kind.NAME),
        "PatientID": (Level.STUDY, Kind.TEXT),
        "PatientBirthDate": (Level.STUDY, Kind.DATE),
        "StudyInstanceUID": (Level.STUDY, Kind.UIDS),
        "StudyID": (Level.STUDY, Kind.TEXT),
        "Modality": (Level.SERIES, Kind.CODES),
        "SeriesInstanceUID": (Level.SERIES, Kind.UIDS),
        "SeriesNumber": (Level.SERIES, Kind.TEXT),
        "SeriesDescription": (Level.SERIES, Kind.TEXT),
        "SOPClassUID": (Level.INSTANCE, Kind.UIDS),
        "SOPInstanceUID": (Level.INSTANCE, Kind.UIDS),
        "InstanceNumber": (Level.INSTANCE, Kind.TEXT),
    }
)
WITHOUT_NAMES: Final = frozenset(  # what who may not see names may search by; name and ID are the pseudonym
    {
        "PatientName",
        "PatientID",
        "ModalitiesInStudy",
        "StudyInstanceUID",
        "Modality",
        "SeriesInstanceUID",
        "SeriesNumber",
        "SOPClassUID",
        "SOPInstanceUID",
        "InstanceNumber",
    }
)


@dataclass(frozen=True)
class Match:
    """One attribute and the values that it may have; a range has its two ends, "" where it is open."""

    keyword: str
    kind: Kind
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class SearchQuery:
    """What is searched; `warnings` are sent with the answer."""

    matches: tuple[Match, ...] = field(repr=False)
    limit: int = MOST_MATCHES
    offset: int = 0
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, parameters: Iterable[tuple[str, str]], level: Level) -> Self:
        """The query in these parameters, at the level of what is searched; raises InvalidQuery."""
        matches: list[Match] = []
        control: dict[str, str] = {}
        for name, value in parameters:
            if not value.isprintable() or len(value) > 4096:
                raise InvalidQuery(f"the value of {_shown(name)} is too long, or no printable text")
            if name.lower() in _CONTROL:
                control.setdefault(name.lower(), value)
            elif match := _match(name, value, level):
                matches.append(match)
        limit = _number(control.get("limit"), "limit", MOST_MATCHES)
        warnings = ["fuzzymatching is not supported; names were matched as they are written"]
        return cls(
            tuple(matches),
            min(limit, MOST_MATCHES),
            _number(control.get("offset"), "offset", 0),
            tuple(warnings) if control.get("fuzzymatching", "").lower() == "true" else (),
        )

    def at(self, level: Level) -> tuple[Match, ...]:
        """The attributes of one level."""
        return tuple(one for one in self.matches if MATCHED[one.keyword][0] is level)

    def with_uids(self, **uids: str | None) -> Self:
        """The same query of one study (`StudyInstanceUID=...`), or of one series of it."""
        own = tuple(Match(keyword, Kind.UIDS, (uid,)) for keyword, uid in uids.items() if uid is not None)
        return type(self)((*self.matches, *own), self.limit, self.offset, self.warnings)

    def why_without_names(self) -> str | None:
        """Why who may not see names may not ask this; None when it may."""
        hidden = sorted({one.keyword for one in self.matches} - WITHOUT_NAMES)
        return f"this login does not see names and may not search by {', '.join(hidden)}" if hidden else None


def matches_text(pattern: str, text: str, *, any_case: bool) -> bool:
    """Whether a text is the pattern, in which * stands for any text and ? for one character."""
    return whole_match(pattern, any_case=any_case)(text) is not None


def _match(name: str, value: str, level: Level) -> Match | None:
    keyword = keyword_for_tag(int(name, 16)) if _TAG.fullmatch(name) else name
    known = MATCHED.get(keyword)
    if known is None or known[0].value > level.value:
        raise InvalidQuery(f"{_shown(name)} is no attribute that is matched here; docs/pacs.md lists them")
    if not value or value == "*":
        return None  # PS3.4 C.2.2.2.3: universal matching
    return Match(keyword, known[1], _values(keyword, known[1], value))


def _values(keyword: str, kind: Kind, value: str) -> tuple[str, ...]:
    if kind is Kind.DATE:
        return _range(keyword, value)
    if kind is Kind.UIDS:
        uids = tuple(re.split(r"[,\\]", value))
        if not all(map(is_uid, uids)):
            raise InvalidQuery(f"{keyword} takes UIDs, separated by commas")
        return uids
    return tuple(re.split(r"[,\\]", value)) if kind is Kind.CODES else (value,)


def _range(keyword: str, value: str) -> tuple[str, str]:
    first, dash, last = value.partition("-")
    ends = (first, last if dash else first)
    if not any(ends) or not all(one == "" or _DATE.fullmatch(one) for one in ends):
        raise InvalidQuery(f"{keyword} takes a date YYYYMMDD, or a range: A-B, A- or -B")
    return ends


def _number(text: str | None, name: str, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidQuery(f"{name} takes a number")
    return int(text)


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9]{1,64}", name) else "a parameter"
