"""The metrics of receiving; no label names a sender or a study."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# From the last instance to the scan: the quiet time and the copy of the instances into one file.
COMPLETION_BUCKETS_S = (1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class ReceivingMetrics:
    """What came, what was refused, and what waits, in the registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.associations = Gauge("turnstile_pacs_associations", "Open DICOM associations.", registry=registry)
        self.refused_associations = Counter(
            "turnstile_pacs_associations_refused",
            "DICOM associations refused, by reason.",
            ("reason",),
            registry=registry,
        )
        self.instances = Counter(
            "turnstile_pacs_instances",
            "Instances from the network: stored, there_already, kept_first, or the reason of the refusal.",
            ("source", "outcome"),
            registry=registry,
        )
        self.bytes = Counter("turnstile_pacs_bytes", "Bytes of the instances stored.", ("source",), registry=registry)
        self.studies = Counter(
            "turnstile_pacs_studies",
            "Studies from the network that became a scan: screened or kept, by the rules; or failed, and tried again.",
            ("outcome",),
            registry=registry,
        )
        self.studies_waiting = Gauge(
            "turnstile_pacs_studies_waiting", "Studies with instances that are in no scan yet.", registry=registry
        )
        self.overdue_s = Gauge(
            "turnstile_pacs_overdue_seconds",
            "For how long the oldest study is complete and has become no scan.",
            registry=registry,
        )
        self.completion_seconds = Histogram(
            "turnstile_pacs_completion_seconds",
            "Seconds from the last instance of a study to its scan.",
            buckets=COMPLETION_BUCKETS_S,
            registry=registry,
        )
