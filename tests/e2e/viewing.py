"""The viewer for tests: its panes, pixels and keys."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.ui_text import ui_text


@dataclass(frozen=True)
class Viewer:
    """The viewer of an open report, once its first slice is drawn."""

    page: Page
    language: str = "en"

    def __post_init__(self) -> None:
        self.page.wait_for_function("() => performance.getEntriesByName('viewer-first-slice').length > 0")

    def pane(self, plane: str = "axial") -> Locator:
        return self.page.locator(f"[data-plane={plane}] [role=img]")

    def letters(self, plane: str = "axial") -> dict[str, str]:
        """The orientation letters by the side of the pane."""
        return {side: self.pane(plane).locator(f"[data-side={side}]").inner_text() for side in _SIDES}

    def slice(self, plane: str = "axial") -> int:
        """Number of the slice that is shown, from 1."""
        return int(self._slider(plane).input_value())

    def press(self, *keys: str) -> None:
        """Press keys in the viewer."""
        stage = self.page.get_by_role("application")
        for key in keys:
            stage.press(key)

    def to_slice(self, number: int, plane: str = "axial") -> None:
        self._slider(plane).fill(str(number))

    def settled(self) -> None:
        """Wait until each pane shows its slice at full resolution, with the chosen map."""
        expect(self.page.locator("[data-sharp=false]")).to_have_count(0)
        expect(self.page.get_by_text(self.text("waiting"))).to_have_count(0)

    def choose_map(self, heatmap: str) -> None:
        """Choose the map over the slices: `none`, `activation` or `error`."""
        self.page.get_by_text(self.text(f"heatmaps.{heatmap}"), exact=True).click()
        self.settled()

    def pixels(self, plane: str = "axial") -> NDArray[np.int16]:
        """The pane's canvas alone, without letters and lines: [rows, columns, RGB]."""
        encoded = self.pane(plane).locator("canvas").evaluate("(canvas) => canvas.toDataURL('image/png').split(',')[1]")
        return png(encoded)

    def at(self, across: float, down: float, plane: str = "axial") -> tuple[float, float]:
        """A point on the screen, by its share of the pane."""
        box = self.pane(plane).bounding_box()
        assert box is not None
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: str = "left") -> None:
        """Between two points of the axial pane, by their shares of it."""
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down(button="right" if button == "right" else "left")
        mouse.move(*self.at(*end), steps=5)
        mouse.up(button="right" if button == "right" else "left")

    def text(self, key: str, **values: str) -> str:
        return ui_text(f"viewer:{key}", self.language, **values)

    def _slider(self, plane: str) -> Locator:
        return self.page.get_by_label(self.text("sliceOf", plane=self.text(f"planes.{plane}")))


_SIDES = ("left", "right", "top", "bottom")


def png(encoded: str) -> NDArray[np.int16]:
    """A PNG in base64 as [rows, columns, RGB]."""
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)
