"""What was measured of the lungs of a study: each lung, and what no view shows. Rules judge it in `coverage_faults`."""

from dataclasses import dataclass

from screening.lungs.lung_profile import AirlessSpan, LungProfile


@dataclass(frozen=True)
class LungCoverage:
    """One lung: its ends in mm above the lowest slice, size, where it has no air, what the stack or the field cuts off.

    `cut_cm2` is its area in the lowest and in the highest slice of the stack, `edge_mm` the longest border of it that
    lies at the edge of a slice, `wall_share` the share of its sections with a rib behind them.
    """

    first_mm: float | None
    last_mm: float | None
    height_mm: float
    volume_ml: float
    largest_cm2: float
    cut_cm2: tuple[float, float]
    edge_mm: float
    wall_share: float
    airless: tuple[AirlessSpan, ...]

    @classmethod
    def of(cls, profile: LungProfile) -> "LungCoverage":
        return cls(
            first_mm=profile.first_mm if profile else None,
            last_mm=profile.last_mm if profile else None,
            height_mm=profile.height_mm,
            volume_ml=profile.volume_ml,
            largest_cm2=float(profile.areas_cm2.max(initial=0.0)),
            cut_cm2=profile.cut_cm2 if profile else (0.0, 0.0),
            edge_mm=profile.edge_mm,
            wall_share=profile.wall_share,
            airless=profile.airless(),
        )


@dataclass(frozen=True)
class LungMeasures:
    """What a study shows of the lungs. `blank_slices` hold one value in all pixels and count as not there.

    `widest_unseen_mm` is the widest stretch between two views, or between the end of the lungs and the first view;
    `passed_over` says whether slices lie in it that no view shows. `airless_share` is the estimated lung without air,
    of all lung.
    """

    right: LungCoverage
    left: LungCoverage
    blank_slices: tuple[int, ...]
    widest_unseen_mm: float
    passed_over: bool
    view_spacing_mm: float

    @property
    def lungs(self) -> tuple[LungCoverage, LungCoverage]:
        return self.right, self.left

    @property
    def first_mm(self) -> float | None:
        return min((lung.first_mm for lung in self.lungs if lung.first_mm is not None), default=None)

    @property
    def last_mm(self) -> float | None:
        return max((lung.last_mm for lung in self.lungs if lung.last_mm is not None), default=None)

    @property
    def height_mm(self) -> float:
        return 0.0 if self.first_mm is None or self.last_mm is None else self.last_mm - self.first_mm

    @property
    def volume_ml(self) -> float:
        return self.right.volume_ml + self.left.volume_ml

    @property
    def airless_share(self) -> float:
        airless = sum(span.ml for lung in self.lungs for span in lung.airless)
        whole = airless + self.volume_ml
        return airless / whole if whole else 0.0
