"""One study's page: verdict, probability, key slice, findings, series, warnings and notices."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF, XPos, YPos

from gateway.reports.pdf.measured_lines import coverage_lines, point_figures
from gateway.reports.pdf.study_header import StudyHeader
from gateway.reports.pdf.texts import PdfTexts

FONTS: Final = Path(__file__).with_name("fonts")
FONT: Final = "DejaVu"
WIDTH_MM, MARGIN_MM = 180.0, 15.0  # A4 is 210 wide
PICTURE_MM: Final = 54.0  # high; twice as wide
COLUMN_GAP_MM: Final = 4.0
GAP_MM: Final = 1.4  # below each part of the page
BAR_MM: Final = 22.0
GREY, LIGHT, TEXT_COLOUR, RED = (105, 110, 118), (236, 238, 241), (25, 28, 33), (176, 32, 32)
VERDICT_COLOURS: Final = {"normal": (30, 110, 70), "pathology": (170, 40, 40), "not_analysed": (150, 105, 10)}
# With these limits the content ends above the footer, which begins at 267 mm with two notices.
FINDING_ROWS: Final = 4  # the other assessed findings follow in one paragraph
MAX_SERIES: Final = 3
MAX_WARNINGS: Final = 3
FINDING_STATUSES: Final = ("present", "absent", "not_assessed")
LINE_CHARACTERS, LONG_LINE_CHARACTERS, PARAGRAPH_CHARACTERS = 60, 95, 600  # letters


class StudyPages(FPDF):
    """A document of A4 pages in one language, with embedded fonts."""

    def __init__(self, texts: PdfTexts) -> None:
        super().__init__(format="A4")
        self._texts = texts
        self.set_margin(MARGIN_MM)
        self.c_margin = 0.0  # texts, bands and pictures are left-aligned
        self.set_auto_page_break(False)
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_title(f"Turnstile: {texts.title}")
        self.set_creator("Turnstile")

    def add_study(self, study: Mapping[str, Any], header: StudyHeader) -> None:
        """Add the page of one study's whole report."""
        self.add_page()
        self._header_block(header)
        self._verdict(study)
        if study["error"] is None:
            self._probability(study)
            self._key_slice(study, header.picture)
            self._findings(study)
            self._series(study)
            self._list(self._texts.warnings, study["warnings"][:MAX_WARNINGS])
        else:
            reason = self._texts.why_not_analysed(study["error"]["code"], study["error"]["detail"])
            self._pair(self._texts.reason, reason, PARAGRAPH_CHARACTERS)
            self.ln(GAP_MM)
            self._coverage(study, WIDTH_MM)
        self._footer(study, header)

    def _header_block(self, header: StudyHeader) -> None:
        self._font(9, GREY)
        self.cell(WIDTH_MM, 4.5, "Turnstile", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(16, TEXT_COLOUR, "B")
        self.cell(WIDTH_MM, 8, self._texts.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)
        reported = (self._texts.reported, f"{header.created_at:%Y-%m-%d %H:%M} UTC")
        for label, value in [*header.labels, reported]:
            self._pair(label, value)
        self.ln(GAP_MM)

    def _verdict(self, study: Mapping[str, Any]) -> None:
        self.set_fill_color(*VERDICT_COLOURS[study["verdict"]])
        self._font(14, (255, 255, 255), "B")
        self.cell(WIDTH_MM, 11, f"   {self._texts.verdicts[study['verdict']]}", fill=True)
        self.ln(12.6)

    def _probability(self, study: Mapping[str, Any]) -> None:
        texts, point = self._texts, study["operating_point"]
        self._font(11, TEXT_COLOUR, "B")
        self.cell(WIDTH_MM, 6, f"{texts.probability}: {study['probability']:.3f}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pair(texts.operating_point, f"{point['name']}: {point['threshold']:.3f}")
        for label, value in point_figures(point, texts):
            self._pair(label, value, LONG_LINE_CHARACTERS + LINE_CHARACTERS)
        self.ln(GAP_MM)

    def _key_slice(self, study: Mapping[str, Any], picture: bytes | None) -> None:
        texts, row = self._texts, study["row"]
        if picture is None:
            self._pair(texts.key_slice, texts.no_picture)
            self._coverage(study, WIDTH_MM)
        else:
            top = self.get_y()
            self.image(BytesIO(picture), x=MARGIN_MM, h=PICTURE_MM)
            self.set_xy(MARGIN_MM + 2 * PICTURE_MM + COLUMN_GAP_MM, top)
            self._coverage(study, WIDTH_MM - 2 * PICTURE_MM - COLUMN_GAP_MM)
            self.set_xy(MARGIN_MM, max(self.get_y(), top + PICTURE_MM) + 1)
        key, expert = study["evidence"]["key_slice"], study["evidence"].get("expert3d")
        label = texts.key_slice_of_expert if _decided_by_expert(study["evidence"]) else texts.key_slice
        self._pair(label, f"{key['slice']}  ({key['sop_uid']})")
        if expert:
            x, y, z = (f"{mm:.0f}" for mm in expert["position_lps_mm"])
            place = texts.expert_place.format(p=f"{expert['p']:.3f}", slice=expert["slice"], x=x, y=y, z=z)
            self._pair(texts.expert, place, LONG_LINE_CHARACTERS)
        if row["pathology_localization"]:
            self._pair(texts.location, row["pathology_localization"].replace(",", ", "))
        self.ln(GAP_MM)

    def _findings(self, study: Mapping[str, Any]) -> None:
        """What is present and absent, present ones first, and in one line what these weights cannot tell."""
        texts, findings = self._texts, study["findings"]
        self._section(f"{texts.findings} ({texts.findings_help})")
        if all("status" not in one for one in findings):  # made before findings were assessed: its numbers were guesses
            self._small_print(texts.older_findings)
            self.ln(GAP_MM)
            return
        present, absent, silent = ([one for one in findings if one["status"] == status] for status in FINDING_STATUSES)
        if study["verdict"] == "pathology" and not present:
            self._font(9, TEXT_COLOUR, "B")
            self.cell(WIDTH_MM, 5, texts.not_determined, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        rows = [*present, *absent][:FINDING_ROWS]
        for finding in rows:
            self._finding(finding)
        also_present = [f"{texts.finding(one['name'])} {one['score']:.3f}" for one in present if one not in rows]
        also_absent = [texts.finding(one["name"]) for one in absent if one not in rows]
        self._names(texts.also_present, also_present, TEXT_COLOUR)
        self._names(texts.also_absent, also_absent)
        self._names(texts.not_assessed, [texts.finding(one["name"]) for one in silent])
        self.ln(GAP_MM)

    def _finding(self, finding: Mapping[str, Any]) -> None:
        self._font(9, TEXT_COLOUR, "B" if finding["status"] == "present" else "")
        self.cell(85, 4.5, self._texts.finding(finding["name"]))
        self.cell(30, 4.5, self._texts.finding_statuses[finding["status"]])
        self._bar(finding["score"])
        self.cell(20, 4.5, f"{finding['score']:.3f}", align="R")
        self.cell(20, 4.5, f"{finding['threshold']:.3f}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _names(self, line: str, names: Sequence[str], colour: tuple[int, int, int] = GREY) -> None:
        if names:
            self._small_print(line.format(names=", ".join(names)), colour)

    def _small_print(self, text: str, colour: tuple[int, int, int] = GREY) -> None:
        self._font(7.5, colour)
        self.multi_cell(WIDTH_MM, 3.9, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _coverage(self, study: Mapping[str, Any], width_mm: float) -> None:
        """A column of this width, as high as the picture; reports made before coverage was measured have none."""
        if "coverage" not in study:
            return
        bottom = self.get_y() + PICTURE_MM - 8
        self._font(8, GREY, "B")
        self.cell(width_mm, 5, self._texts.coverage, new_x=XPos.LEFT, new_y=YPos.NEXT)
        self._font(7.5, TEXT_COLOUR)
        for line in coverage_lines(study["coverage"], (study["error"] or {}).get("code"), self._texts):
            if self.get_y() < bottom:
                text = _shorten(line, 2 * LONG_LINE_CHARACTERS if width_mm == WIDTH_MM else LONG_LINE_CHARACTERS)
                self.multi_cell(width_mm, 3.9, text, align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _series(self, study: Mapping[str, Any]) -> None:
        self._section(self._texts.series)
        for one in study["series"][:MAX_SERIES]:
            self._font(8, TEXT_COLOUR, "B" if one["chosen"] else "")
            self.cell(24, 4.5, f"{one['slices']} {self._texts.slices}")
            self.cell(28, 4.5, _shorten(one["kernel"], 16))
            why = self._texts.why(one["reason"], one["explanation"])
            self.multi_cell(WIDTH_MM - 52, 4.5, _shorten(why, 80), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(GAP_MM)

    def _list(self, title: str, lines: Sequence[str]) -> None:
        if lines:
            self._section(title)
            self._font(8, TEXT_COLOUR)
            for line in lines:
                text = _shorten(line, LONG_LINE_CHARACTERS)
                self.multi_cell(WIDTH_MM, 4.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(GAP_MM)

    def _footer(self, study: Mapping[str, Any], header: StudyHeader) -> None:
        """The notices, at a fixed place at the bottom of the page, so that long content cannot push them off."""
        codes = dict(zip(study["notice_codes"], study["notices"], strict=True))
        self.set_y(-(18 + 6 * len(codes)))
        self.set_draw_color(*LIGHT)
        self.line(MARGIN_MM, self.get_y(), MARGIN_MM + WIDTH_MM, self.get_y())
        self.ln(1.5)
        for code, notice in codes.items():
            self._font(9, RED, "B")
            self.cell(WIDTH_MM, 5, self._texts.notices.get(code, notice), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(7, GREY)
        line = f"{self._texts.model}: {header.model_card}    {self._texts.analysis}: {header.analysis_id}"
        self.cell(WIDTH_MM, 4, line)

    def _section(self, title: str) -> None:
        self._font(9, GREY, "B")
        self.cell(WIDTH_MM, 5.4, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _pair(self, label: str, value: str, max_characters: int = LINE_CHARACTERS) -> None:
        self._font(8, GREY)
        self.cell(62, 4.6, label)
        self._font(9, TEXT_COLOUR)
        text = _shorten(value, max_characters)
        self.multi_cell(WIDTH_MM - 62, 4.6, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _bar(self, share: float) -> None:
        x, y = self.get_x(), self.get_y() + 1.0
        self.set_fill_color(*LIGHT)
        self.rect(x, y, BAR_MM, 2.6, style="F")
        self.set_fill_color(*GREY)
        self.rect(x, y, BAR_MM * min(max(share, 0.0), 1.0), 2.6, style="F")
        self.set_x(x + BAR_MM)

    def _font(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*colour)


def _decided_by_expert(evidence: Mapping[str, Any]) -> bool:
    """Whether the 3D expert's part is the score (`Fusion.by_expert`)."""
    expert = evidence.get("expert3d")
    return expert is not None and expert["p"] > max(evidence["classifier_p"], evidence["reconstruction_r"])


def _shorten(text: str, max_characters: int) -> str:
    """One line of at most `max_characters` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= max_characters else f"{line[: max_characters - 1]}…"
