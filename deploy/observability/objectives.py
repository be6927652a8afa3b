"""Service level objectives (SLO), and alerts by the burn rate of their error budgets.

Multi-window, multi-burn-rate (Google, The Site Reliability Workbook, ch. 5, table 5-8): an alert needs the long
window, so that a short failure does not fire it, and the short one, so that it ends with the failure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

PERIOD: Final = "30d"


@dataclass(frozen=True)
class Objective:
    """`bad` and `all` are rates over `{window}`; `target` is the share of good ones over 30 days."""

    name: str
    target: float
    bad: str
    all: str
    meaning: str

    @property
    def budget(self) -> float:
        """The error budget: the share that may be bad."""
        return round(1.0 - self.target, 6)


@dataclass(frozen=True)
class Burn:
    """A burn rate: `factor` times the even use of the budget. 14.4 for one hour uses 2 % of 30 days' budget."""

    factor: float
    long: str
    short: str
    severity: str
    hold: str


OBJECTIVES: Final = (
    Objective(
        name="requests",
        target=0.995,
        bad='sum by (namespace) (rate(turnstile_requests_total{{status=~"5.."}}[{window}]))',
        all="sum by (namespace) (rate(turnstile_requests_total[{window}]))",
        meaning="Requests are answered without a server error (5xx).",
    ),
    Objective(
        name="screening",
        target=0.99,
        bad='sum by (namespace) (rate(turnstile_failures_total{{code=~"engine_.*|decode_.*"}}[{window}]))',
        all="sum by (namespace) (rate(turnstile_verdicts_total[{window}]))",
        meaning="Studies get a verdict, unless the study itself cannot be analysed.",
    ),
    Objective(
        name="latency",
        target=0.95,
        bad="sum by (namespace) (rate(turnstile_study_seconds_count[{window}]))"
        ' - sum by (namespace) (rate(turnstile_study_seconds_bucket{{le="10.0"}}[{window}]))',
        all="sum by (namespace) (rate(turnstile_study_seconds_count[{window}]))",
        meaning="A study is screened within 10 s of its first read.",
    ),
    Objective(
        name="turnaround",
        target=0.99,
        bad="sum by (namespace) (rate(turnstile_analysis_wait_seconds_count[{window}]))"
        ' - sum by (namespace) (rate(turnstile_analysis_wait_seconds_bucket{{le="900.0"}}[{window}]))',
        all="sum by (namespace) (rate(turnstile_analysis_wait_seconds_count[{window}]))",
        meaning="A requested analysis starts within 15 minutes.",
    ),
)

BURNS: Final = (
    Burn(14.4, long="1h", short="5m", severity="page", hold="2m"),
    Burn(6.0, long="6h", short="30m", severity="page", hold="15m"),
    Burn(1.0, long="3d", short="6h", severity="ticket", hold="1h"),
)


def objective_groups(objectives: Iterable[Objective]) -> list[dict[str, Any]]:
    """One group for each objective: its ratios by window, then its alerts."""
    return [
        {
            "name": f"turnstile-{objective.name}",
            "rules": [
                *[_ratio(objective, window) for window in _windows()],
                *[_alert(objective, burn) for burn in BURNS],
            ],
        }
        for objective in objectives
    ]


def _windows() -> list[str]:
    return list(dict.fromkeys(window for burn in BURNS for window in (burn.short, burn.long)))


def _ratio(objective: Objective, window: str) -> dict[str, Any]:
    bad, every = (part.format(window=window) for part in (objective.bad, objective.all))
    return {
        "record": f"turnstile:bad:ratio_rate{window}",
        "expr": f"({bad}) / ({every} > 0)",  # without traffic there is no ratio, and no alert
        "labels": {"objective": objective.name},
    }


def _alert(objective: Objective, burn: Burn) -> dict[str, Any]:
    limit = f"{burn.factor * objective.budget:g}"
    ratio = f'turnstile:bad:ratio_rate{{window}}{{{{objective="{objective.name}"}}}} > {limit}'
    return {
        "alert": f"Turnstile{objective.name.title()}Budget",
        "expr": f"{ratio.format(window=burn.long)} and {ratio.format(window=burn.short)}",
        "for": burn.hold,
        "labels": {"severity": burn.severity, "objective": objective.name, "window": burn.long},
        "annotations": {
            "summary": f"The error budget of '{objective.name}' is used {burn.factor:g} times too fast.",
            "description": f"{objective.meaning} Target: {objective.target:.1%} over {PERIOD}; "
            f"bad over {burn.long}: {{{{ $value | humanizePercentage }}}}.",
            "runbook": f"docs/alerts.md#{objective.name}",
        },
    }
