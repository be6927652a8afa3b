"""The Grafana dashboard: objectives, time by stage, saturation, Triton, drift of the verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 24  # Grafana's columns
HEIGHT: Final = 8
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
RATE: Final = "$__rate_interval"


@dataclass(frozen=True)
class Panel:
    """A plot over time; `queries` are (PromQL, legend)."""

    title: str
    unit: str
    queries: Sequence[tuple[str, str]]
    stacked: bool = False


def _rates(counter: str, by: str = "") -> str:
    """The rate of a counter, summed over all labels but `by`."""
    return f"sum by ({by}) (rate({counter}[{RATE}]))"


def _ratio(counter: str, other: str, by: str) -> str:
    """The ratio of the rates of two counters."""
    return f"{_rates(counter, by)} / on () group_left () {_rates(other)}"


def _quantile(metric: str, quantile: float, by: str = "") -> tuple[str, str]:
    legend = f"p{quantile * 100:.0f}" if not by else f"{{{{{by}}}}}"
    return f"histogram_quantile({quantile}, {_rates(f'{metric}_bucket', f'le, {by}'.rstrip(', '))})", legend


def _quantiles(metric: str) -> Sequence[tuple[str, str]]:
    return [_quantile(metric, quantile) for quantile in (0.5, 0.95, 0.99)]


WAITING_PER_COMPUTING: Final = (
    f"{_rates('nv_inference_queue_duration_us', 'model')} / {_rates('nv_inference_compute_infer_duration_us', 'model')}"
)

ROWS: Final[Sequence[tuple[str, Sequence[Panel]]]] = (
    (
        "Service level objectives",
        (
            Panel("Bad share of the last hour", "percentunit", [("turnstile:bad:ratio_rate1h", "{{objective}}")]),
            Panel(
                "Studies a minute, by verdict",
                "short",
                [(f"60 * {_rates('turnstile_verdicts_total', 'verdict')}", "{{verdict}}")],
                stacked=True,
            ),
            Panel("One study", "s", _quantiles("turnstile_study_seconds")),
        ),
    ),
    (
        "Time by stage",
        (
            Panel(
                "Mean seconds of a study, by stage",
                "s",
                [(_ratio("turnstile_stage_seconds_sum", "turnstile_study_seconds_count", "stage"), "{{stage}}")],
                stacked=True,
            ),
            Panel("p95 of each stage", "s", [_quantile("turnstile_stage_seconds", 0.95, "stage")]),
            Panel("Requests", "s", _quantiles("turnstile_request_seconds")),
        ),
    ),
    (
        "Saturation",
        (
            Panel(
                "Slices",
                "short",
                [("sum(turnstile_slices_in_flight)", "in flight"), ("sum(turnstile_slices_waiting)", "waiting")],
            ),
            Panel(
                "Refused and retried, a minute",
                "short",
                [
                    (f"60 * {_rates('turnstile_admission_refusals_total')}", "refused (429)"),
                    (f"60 * {_rates('turnstile_engine_retries_total')}", "retried on Triton"),
                    (f"60 * {_rates('turnstile_worker_deaths_total', 'cause')}", "decode worker: {{cause}}"),
                ],
            ),
            Panel("Analyses", "short", [("max by (state) (turnstile_analyses)", "{{state}}")]),
            Panel("Wait for a worker", "s", _quantiles("turnstile_analysis_wait_seconds")),
        ),
    ),
    (
        "Triton",
        (
            Panel("Slices a second", "short", [(_rates("nv_inference_count", "model"), "{{model}}")]),
            Panel(
                "Slices in one batch",
                "short",
                [
                    (
                        f"{_rates('nv_inference_count', 'model')} / {_rates('nv_inference_exec_count', 'model')}",
                        "{{model}}",
                    )
                ],
            ),
            Panel("Waiting relative to computing", "short", [(WAITING_PER_COMPUTING, "{{model}}")]),
            Panel("GPU", "percentunit", [("nv_gpu_utilization", "{{gpu_uuid}}")]),
        ),
    ),
    (
        "Drift of the verdicts",
        (
            Panel("Drift (PSI; investigate above 0.25)", "short", [("turnstile_probability_psi", "{{instance}}")]),
            Panel(
                "Probabilities", "percentunit", [_quantile("turnstile_probability", tenth) for tenth in (0.1, 0.5, 0.9)]
            ),
            Panel(
                "Not analysed, a minute",
                "short",
                [(f"60 * {_rates('turnstile_failures_total', 'code')}", "{{code}}")],
                stacked=True,
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it; a variable selects the data source."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS:
        panels.append({"type": "row", "title": title, "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
        width = WIDTH // len(row)
        panels += [_panel(panel, x * width, top + 1, width) for x, panel in enumerate(row)]
        top += 1 + HEIGHT
    return {
        "uid": "turnstile",
        "title": "Turnstile",
        "description": "Turnstile is no medical device.",
        "tags": ["turnstile"],
        "schemaVersion": 41,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [panel | {"id": number} for number, panel in enumerate(panels, start=1)],
    }


def queries() -> list[str]:
    """Every PromQL expression of the dashboard."""
    return [query for _, row in ROWS for panel in row for query, _ in panel.queries]


def _panel(panel: Panel, x: int, y: int, width: int) -> dict[str, Any]:
    stacking = {"mode": "normal" if panel.stacked else "none"}
    custom = {"stacking": stacking, "fillOpacity": 25 if panel.stacked else 0, "showPoints": "never"}
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": width, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(panel.queries)
        ],
    }
