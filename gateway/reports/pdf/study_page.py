"""One study's page: verdict, probability, key slice, findings, series, and what to bear in mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF, XPos, YPos

from gateway.reports.pdf.texts import Words

FONTS: Final = Path(__file__).with_name("fonts")
FONT: Final = "DejaVu"
WIDTH_MM, MARGIN_MM = 180.0, 15.0  # A4 is 210 wide
PICTURE_MM: Final = 60.0  # high; twice as wide
BAR_MM: Final = 22.0
GREY, LIGHT, INK, RED = (105, 110, 118), (236, 238, 241), (25, 28, 33), (176, 32, 32)
BANDS: Final = {"normal": (30, 110, 70), "pathology": (170, 40, 40), "not_analysed": (150, 105, 10)}
# With these, what stands above the foot is at most 245 mm high, and the foot begins at 260.
TOP_FINDINGS: Final = 6
MOST_SERIES: Final = 6
MOST_WARNINGS: Final = 3
LINE, LONG_LINE, PARAGRAPH = 60, 95, 600  # letters


@dataclass(frozen=True)
class Subject:
    """Whose study it is, as the asker may see it: `facts` are labels and values, in order."""

    facts: Sequence[tuple[str, str]]
    created_at: datetime
    analysis_id: str
    model_card: str
    picture: bytes | None = field(default=None, repr=False)


class Page(FPDF):
    """An A4 page in one language; its fonts are embedded."""

    def __init__(self, words: Words) -> None:
        super().__init__(format="A4")
        self._words = words
        self.set_margin(MARGIN_MM)
        self.c_margin = 0.0  # texts, bands and pictures begin at one line
        self.set_auto_page_break(False)
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_title(f"Turnstile: {words.title}")
        self.set_creator("Turnstile")

    def study(self, study: Mapping[str, Any], subject: Subject) -> None:
        """Add the page of one study's whole report."""
        self.add_page()
        self._head(subject)
        self._verdict(study)
        if study["error"] is None:
            self._probability(study)
            self._pictured(study, subject.picture)
            self._findings(study)
            self._series(study)
            self._list(self._words.warnings, study["warnings"][:MOST_WARNINGS])
        else:
            self._pair(self._words.reason, f"{study['error']['code']}: {study['error']['detail']}", PARAGRAPH)
        self._foot(study, subject)

    def _head(self, subject: Subject) -> None:
        self._font(9, GREY)
        self.cell(WIDTH_MM, 5, "Turnstile", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(16, INK, "B")
        self.cell(WIDTH_MM, 9, self._words.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)
        reported = (self._words.reported, f"{subject.created_at:%Y-%m-%d %H:%M} UTC")
        for label, value in [*subject.facts, reported]:
            self._pair(label, value)
        self.ln(2)

    def _verdict(self, study: Mapping[str, Any]) -> None:
        self.set_fill_color(*BANDS[study["verdict"]])
        self._font(14, (255, 255, 255), "B")
        self.cell(WIDTH_MM, 12, f"   {self._words.verdicts[study['verdict']]}", fill=True)
        self.ln(14)

    def _probability(self, study: Mapping[str, Any]) -> None:
        words, point = self._words, study["operating_point"]
        self._font(11, INK, "B")
        self.cell(WIDTH_MM, 6, f"{words.probability}: {study['probability']:.3f}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        measured = [
            f"{label} {point[name]:.3f}"
            for name, label in (("sensitivity", words.sensitivity), ("specificity", words.specificity))
            if point[name] is not None
        ]
        told = ", ".join(measured) or words.not_measured
        self._pair(words.operating_point, f"{point['name']}: {point['threshold']:.3f} ({told})", LONG_LINE)
        self.ln(2)

    def _pictured(self, study: Mapping[str, Any], picture: bytes | None) -> None:
        words, row = self._words, study["row"]
        if picture is None:
            self._pair(words.key_slice, words.no_picture)
        else:
            self.image(BytesIO(picture), x=MARGIN_MM, h=PICTURE_MM)
            self.ln(1)
        key = study["evidence"]["key_slice"]
        self._pair(words.key_slice, f"{key['slice']}  ({key['sop_uid']})")
        if row["pathology_localization"]:
            self._pair(words.location, row["pathology_localization"].replace(",", ", "))
        self.ln(2)

    def _findings(self, study: Mapping[str, Any]) -> None:
        self._section(f"{self._words.findings} ({self._words.findings_help})")
        for finding in study["findings"][:TOP_FINDINGS]:
            self._font(9, INK)
            self.cell(85, 5, self._words.finding(finding["name"]))
            self._bar(finding["mean"])
            self.cell(20, 5, f"{finding['mean']:.3f}", align="R")
            self.cell(20, 5, str(finding["top_slices"]), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def _series(self, study: Mapping[str, Any]) -> None:
        self._section(self._words.series)
        for one in study["series"][:MOST_SERIES]:
            self._font(8, INK, "B" if one["chosen"] else "")
            self.cell(24, 4.5, f"{one['slices']} {self._words.slices}")
            self.cell(28, 4.5, _short(one["kernel"], 16))
            why = self._words.why(one["reason"], one["explanation"])
            self.multi_cell(WIDTH_MM - 52, 4.5, _short(why, 80), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def _list(self, title: str, lines: Sequence[str]) -> None:
        if lines:
            self._section(title)
            self._font(8, INK)
            for line in lines:
                self.multi_cell(WIDTH_MM, 4.5, _short(line, LONG_LINE), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(2)

    def _foot(self, study: Mapping[str, Any], subject: Subject) -> None:
        """What to bear in mind, at the page's lower end, where it cannot be pushed off."""
        codes = dict(zip(study["notice_codes"], study["notices"], strict=True))
        self.set_y(-(18 + 6 * len(codes)))
        self.set_draw_color(*LIGHT)
        self.line(MARGIN_MM, self.get_y(), MARGIN_MM + WIDTH_MM, self.get_y())
        self.ln(1.5)
        for code, notice in codes.items():
            self._font(9, RED, "B")
            self.cell(WIDTH_MM, 5, self._words.notices.get(code, notice), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(7, GREY)
        told = f"{self._words.model}: {subject.model_card}    {self._words.analysis}: {subject.analysis_id}"
        self.cell(WIDTH_MM, 4, told)

    def _section(self, title: str) -> None:
        self._font(9, GREY, "B")
        self.cell(WIDTH_MM, 6, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _pair(self, label: str, value: str, letters: int = LINE) -> None:
        self._font(8, GREY)
        self.cell(62, 4.8, label)
        self._font(9, INK)
        self.multi_cell(WIDTH_MM - 62, 4.8, _short(value, letters), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _bar(self, share: float) -> None:
        x, y = self.get_x(), self.get_y() + 1.2
        self.set_fill_color(*LIGHT)
        self.rect(x, y, BAR_MM, 2.6, style="F")
        self.set_fill_color(*GREY)
        self.rect(x, y, BAR_MM * min(max(share, 0.0), 1.0), 2.6, style="F")
        self.set_x(x + BAR_MM)

    def _font(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*colour)


def _short(text: str, letters: int) -> str:
    """One line of at most so many letters."""
    line = " ".join(str(text).split())
    return line if len(line) <= letters else f"{line[: letters - 1]}…"
