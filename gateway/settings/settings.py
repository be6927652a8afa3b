"""All settings of the gateway, with environment variable, unit and default. Only the composition root reads them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)

from gateway.settings.archives import ArchiveSettings
from gateway.settings.auth import AuthSettings
from gateway.settings.http import HttpSettings
from gateway.settings.receiving import ReceivingSettings
from gateway.settings.sending import SendingSettings
from gateway.settings.viewer import ViewerSettings
from screening.intake.upload import Budgets

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30
MIB = 2**20

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(ViewerSettings, ReceivingSettings, ArchiveSettings, SendingSettings, HttpSettings, AuthSettings):
    """The environment variable is `TURNSTILE_<NAME>`; docs/settings.md is generated from this class."""

    host: str = "127.0.0.1"
    """Address that the gateway listens on."""
    port: Port = 8080
    """Port that the gateway listens on; 0 picks a free one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""
    log_everything: bool = False
    """Write what `up`, `worker` and `pacs listen` say to a person into the log, as lines of JSON; so in our images."""

    trace_url: str | None = None
    """URL for traces, OTLP over HTTP to an OpenTelemetry collector: http://...:4318/v1/traces. None by default."""

    model_repository: Path = ROOT / "model_repository"
    """Folder with the networks and model_card.json; by default the one beside the code."""
    triton_url: str | None = None
    """host:port of the gRPC endpoint of a running Triton. Without it the service starts its own."""
    triton_secret: SecretStr | None = None
    """Secret that this Triton requires for inference. A Triton that the service starts gets a new secret each time."""
    triton_metrics_url: str | None = None
    """URL of that Triton's metrics (http://...:8002/metrics); the gateway appends them to its own."""
    engine_start_s: PositiveFloat = 120.0
    """Timeout in seconds for the ensemble to be ready at start."""
    chunk_slices: PositiveInt = 6  # twelve slices then split evenly over two instances: 0.95 of the limit, 4 gives 0.84
    """Slices in one request to Triton; at most the ensemble's max_batch_size."""
    deadline_s: PositiveFloat = 120.0
    """Timeout in seconds for one study, from the first read to the report."""

    slices_in_flight: PositiveInt = 200
    """Slices that are processed at once. An upload counts as the model card's number of slices per study."""
    slices_waiting: NonNegativeInt = 10_000
    """Slices that may wait or be on their way in: they hold disk, not memory. One principal may take a third of them,
    one institution half; uploads above this are refused with 429."""
    expert_studies: PositiveInt = 1
    """Studies that the 3D expert looks at at once, where the model card has one. More than one pays on a GPU."""
    expert_blocks: PositiveInt = 3
    """Blocks of one study that are sent to the 3D expert at once: 3 keep two instances busy, and of 16 Triton let some
    wait beside an idle instance (one instance: 7.0 s for 16 blocks, 3.3 s two by two). More pay on a GPU alone."""
    expert_waiting: NonNegativeInt = 1
    """Further uploads that may wait for the 3D expert; beyond them an upload keeps its `slices_in_flight` and waits."""
    busy_after_s: PositiveFloat = 20.0
    """Seconds within which `/inference/predict` should answer. An upload that would take longer, estimated from the
    throughput of the last ones and the turns before its own, is refused with 429 before it is read. Always admitted are
    eight, or `decode_workers` + 1, and one of each institution."""
    turn_weights: dict[str, PositiveInt] = {}  # noqa: RUF012 - pydantic copies it
    """Turns of an institution in each round of both queues, as JSON: {"large hospital": 3}. By default 1."""

    decode_workers: PositiveInt = 2
    """Worker processes that read and decode studies."""
    decode_timeout_s: PositiveFloat = 60.0
    """Seconds for reading one study; then its worker is killed."""
    decode_memory_bytes: Annotated[int, Field(ge=256 * MIB)] = 2 * GIB
    """Bytes that a decode worker may allocate in addition to its memory at start."""

    workers: NonNegativeInt = 2
    """Concurrent analyses of stored scans in this process; with 0 only `turnstile worker` analyses them."""
    lease_timeout_s: Annotated[
        float,
        Field(ge=1.0, validation_alias=AliasChoices("TURNSTILE_LEASE_TIMEOUT_S", "TURNSTILE_TAKEOVER_S")),
    ] = 20.0
    """Seconds without a heartbeat after which a worker's job leases expire and another worker claims its analyses.
    The old name `TURNSTILE_TAKEOVER_S` is accepted until version 0.2."""
    analyze_wait_s: Annotated[float, Field(ge=0, le=300)] = 60.0
    """Seconds that `POST /api/scans/{id}/analyze` waits for the end of the analysis; then it answers 202. A proxy must
    wait longer."""
    drain_s: NonNegativeFloat = 20.0
    """Seconds for a stopping worker to finish its analyses; then it releases their job leases."""
    worker_metrics_port: Port | None = None
    """Port on which `turnstile worker` serves its metrics for Prometheus; none by default."""

    data_folder: Path | None = None
    """Folder of the database and the blobs; by default `data` in TURNSTILE_HOME, else the user's data folder."""
    database_url: SecretStr | None = None
    """postgresql://user:password@host/name of a running PostgreSQL. Without it the service starts its own."""
    database_start_s: PositiveFloat = 60.0
    """Timeout in seconds for the database to answer at start."""
    blob_url: str | None = None
    """s3://bucket/prefix for uploads and derived data. Without it they are stored in the data folder."""

    send_timeout_s: PositiveFloat = 30.0
    """Seconds in which a client must take 16 KiB of its answer, or the rest of it; else its connection is closed."""
    exports_per_principal: PositiveInt = 2
    """Exports (of the audit log, all feedback, DICOM results) of one principal at once; else 429. In each process."""
    exports_at_once: PositiveInt = 8
    """Exports of all principals at once."""
    streams_per_principal: PositiveInt = 32
    """Downloads of files and volumes and event streams of one principal at once; above this, 429. For each process."""
    streams_at_once: PositiveInt = 256
    """Downloads of files and volumes and event streams of all principals at once."""

    backup_due_s: PositiveFloat | None = None
    """Seconds in which the next backup must succeed, for the alert TurnstileBackupMissing; none where none are made."""

    institution_scans_a_day: NonNegativeInt | None = None
    """Most scans and predictions of an institution in a day (UTC); above it 429 until midnight. No limit by default."""
    institution_bytes_a_day: NonNegativeInt | None = None
    """Most bytes of the uploads of an institution in a day. No limit by default."""
    principal_scans_a_day: NonNegativeInt | None = None
    """Most scans and predictions of one principal of an institution in a day. No limit by default."""
    principal_bytes_a_day: NonNegativeInt | None = None
    """Most bytes of the uploads of one principal in a day. No limit by default."""
    disk_reserve_bytes: NonNegativeInt = Budgets.reserved_bytes
    """Bytes that uploads leave free on the disks of the data folder and of the scratch folder, or 5 % of a disk where
    that is less; below it they are refused with 507. PostgreSQL needs them where it shares the disk."""
    scratch_folder: Path | None = None
    """Folder for uploads during processing, cleared after each; by default the system's temporary folder."""
    upload_bytes: PositiveInt = 2 * GIB
    """Largest body of one upload request, in bytes."""
    max_members: PositiveInt = Budgets.members
    """Most files in one upload."""
    max_total_bytes: PositiveInt = Budgets.total_bytes
    """Most bytes of all files of one upload, unpacked."""
    max_member_bytes: PositiveInt = Budgets.member_bytes
    """Most bytes of one file of an upload, unpacked."""
    max_compression_ratio: PositiveFloat = Budgets.compression_ratio
    """Highest ratio of unpacked to packed bytes of an archive."""
    max_declared_pixel_bytes: PositiveInt = Budgets.declared_pixel_bytes
    """Most bytes of pixels that one file's header may declare, checked before decoding."""
    max_nesting: NonNegativeInt = Budgets.nesting
    """Most levels of zip inside zip."""
    follow_links: bool = False
    """Whether `turnstile screen` follows symbolic links in a folder, as its option `--follow-links` says."""

    @property
    def budgets(self) -> Budgets:
        """The limits of an upload, for `screening`."""
        return Budgets(
            members=self.max_members,
            total_bytes=self.max_total_bytes,
            member_bytes=self.max_member_bytes,
            compression_ratio=self.max_compression_ratio,
            declared_pixel_bytes=self.max_declared_pixel_bytes,
            nesting=self.max_nesting,
            follow_links=self.follow_links,
            reserved_bytes=self.disk_reserve_bytes,
        )

    @model_validator(mode="after")
    def _deadline_covers_decoding(self) -> Self:
        if self.decode_timeout_s > self.deadline_s:
            raise ValueError("decode_timeout_s is longer than deadline_s and has no effect; set at most deadline_s")
        return self
