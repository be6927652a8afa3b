"""Alerts on causes that no objective shows, or shows too late."""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Alert:
    """Fires when `expr` has held for `hold`."""

    name: str
    expr: str
    hold: str
    severity: str
    summary: str

    def to_rule(self) -> dict[str, Any]:
        return {
            "alert": f"Turnstile{self.name}",
            "expr": self.expr,
            "for": self.hold,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "runbook": f"docs/alerts.md#{self.name.lower()}"},
        }


ALERTS: Final = (
    Alert("Down", 'up{job=~".*turnstile.*"} == 0', "2m", "page", "{{ $labels.job }} does not answer Prometheus."),
    Alert(
        "Stuck",
        'sum by (namespace) (turnstile_analyses{state="queued"}) > 0\n'
        "unless\nsum by (namespace) (rate(turnstile_analyses_ended_total[10m])) > 0",
        "10m",
        "page",
        "Analyses are queued and none has ended for ten minutes: no worker runs.",
    ),
    Alert(
        "Refusing",
        "sum by (namespace) (rate(turnstile_admission_refusals_total[5m])) > 0.05",
        "10m",
        "ticket",
        "Studies are refused (429): more arrive than the networks can screen.",
    ),
    Alert(
        "DiskLow",
        "max by (namespace) (turnstile_disk_low) > 0",
        "2m",
        "page",
        "Uploads are refused (507): less disk is free than the reserve.",
    ),
    Alert(
        "NetworkRefusing",
        "sum by (namespace) (rate(turnstile_pacs_associations_refused_total[15m])) > 0.01\n"
        'or\nsum by (namespace) (rate(turnstile_pacs_instances_total{outcome!~"stored|there_already"}[15m])) > 0.01',
        "15m",
        "ticket",
        "Associations or instances of the hospital's network are refused; the listener's log says whose, and why.",
    ),
    Alert(
        "NetworkOverdue",
        "max by (namespace) (turnstile_pacs_overdue_seconds) > 600",
        "5m",
        "page",
        "Complete studies from the hospital's network have become no scan for ten minutes.",
    ),
    Alert(
        "EngineWaits",
        "sum by (namespace) (rate(nv_inference_queue_duration_us[5m]))"
        " / sum by (namespace) (rate(nv_inference_compute_infer_duration_us[5m]) > 0) > 4",
        "15m",
        "ticket",
        "Requests wait in Triton four times as long as they are computed.",
    ),
    Alert(
        "WorkersDie",
        "sum by (namespace, cause) (increase(turnstile_worker_deaths_total[15m])) > 5",
        "0m",
        "ticket",
        "Decode workers are killed ({{ $labels.cause }}): damaged files of one sender, or too little memory.",
    ),
    Alert(
        "NotAnalysed",
        'sum by (namespace) (rate(turnstile_verdicts_total{verdict="not_analysed"}[1h]))\n'
        "/\nsum by (namespace) (rate(turnstile_verdicts_total[1h]) > 0) > 0.2",
        "30m",
        "ticket",
        "One study in five is not analysed; turnstile_failures_total says why.",
    ),
    Alert(
        "Drift",
        "max by (namespace) (turnstile_probability_psi) > 0.25",
        "1h",
        "ticket",
        "The probabilities differ from those of validation: other patients, scanners or networks.",
    ),
    Alert(
        "BackupMissing",
        "max by (namespace) (time() - turnstile_backup_last_success_timestamp_seconds)"
        " > max by (namespace) (turnstile_backup_due_seconds > 0)",
        "2h",
        "ticket",
        "No backup has succeeded in the time that TURNSTILE_BACKUP_DUE_S allows.",
    ),
    Alert(
        "ResultsWait",
        "max by (namespace) (turnstile_delivery_oldest_seconds) > 3600",
        "10m",
        "ticket",
        "A result has waited for its archive for more than an hour.",
    ),
    Alert(
        "ResultsFailed",
        'sum by (namespace) (increase(turnstile_deliveries_ended_total{state="failed"}[1h])) > 0',
        "0m",
        "ticket",
        "Results were given up: their archive refuses them, or they cannot be written.",
    ),
    Alert(
        "AuditUnsealed",
        "max by (namespace) (turnstile_audit_unsealed_seconds) > 60",
        "5m",
        "ticket",
        "Audit events are written and not sealed into the hash chain.",
    ),
    Alert(
        "Untrained",
        'max by (namespace) (turnstile_model_card_info{trained="false"}) > 0',
        "5m",
        "ticket",
        "The weights are untrained: the verdicts have no meaning.",
    ),
)


def alert_group() -> dict[str, Any]:
    """All alerts as one rule group."""
    return {"name": "turnstile", "rules": [alert.to_rule() for alert in ALERTS]}
