"""Every knob of the gateway, by its environment variable, unit and default; read by the composition roots alone."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr, model_validator

from gateway.settings.auth import AuthSettings
from screening.intake import Budgets

ROOT = Path(__file__).resolve().parents[2]
GIB = 2**30
MIB = 2**20

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(AuthSettings):
    """Set any of these as `TURNSTILE_<NAME>`; docs/settings.md is written from this class."""

    host: str = "127.0.0.1"
    """Address that the gateway listens on."""
    port: Port = 8080
    """Port that the gateway listens on; 0 picks a free one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is logged."""

    trace_url: str | None = None
    """Where traces go: OTLP over HTTP of an OpenTelemetry collector (http://...:4318/v1/traces). None by default."""

    model_repository: Path = ROOT / "model_repository"
    """Folder with the networks and model_card.json; the default stands beside the code."""
    triton_url: str | None = None
    """host:port of the gRPC of a Triton elsewhere. Without it one is started here."""
    triton_secret: SecretStr | None = None
    """Secret that the Triton elsewhere wants for inference. One that is started here gets a new one each time."""
    triton_metrics_url: str | None = None
    """Page of that Triton's metrics (http://...:8002/metrics), to be shown below the gateway's own."""
    engine_start_s: PositiveFloat = 120.0
    """Seconds that the ensemble may take to be ready at start."""
    chunk_slices: PositiveInt = 6  # twelve slices then split evenly over two instances: 0.95 of the limit, 4 gives 0.84
    """Slices in one request to Triton; at most the ensemble's max_batch_size."""
    deadline_s: PositiveFloat = 120.0
    """Seconds that one study may take, from first read to report."""

    slices_in_flight: PositiveInt = 96
    """Slices in work at once. One upload in work counts as the model card's slices per study."""
    slices_waiting: NonNegativeInt = 192
    """Slices that may wait for their turn, or still come in; what comes on top is refused with 429."""
    busy_after_s: PositiveFloat = 1.2
    """Seconds within which `/inference/predict` is to answer. An upload that would take longer, at the pace of the
    last ones, is refused with 429 before it is read; `decode_workers` + 1 are always let in."""

    decode_workers: PositiveInt = 2
    """Worker processes that read and decode studies."""
    decode_timeout_s: PositiveFloat = 60.0
    """Seconds for reading one study before its worker is killed."""
    decode_memory_bytes: Annotated[int, Field(ge=256 * MIB)] = 2 * GIB
    """Bytes that a decode worker may allocate on top of what it starts with."""

    workers: NonNegativeInt = 2
    """Analyses of stored scans at once in this process; 0 leaves them all to `turnstile worker`."""
    takeover_s: Annotated[float, Field(ge=1.0)] = 20.0
    """Seconds of silence after which a worker is taken for dead, and another one takes its analyses over."""
    drain_s: NonNegativeFloat = 20.0
    """Seconds that a worker which is told to stop has for its analyses; then it hands them back."""
    worker_metrics_port: Port | None = None
    """Port on which `turnstile worker` shows Prometheus its metrics; without it they are not shown."""

    data_folder: Path | None = None
    """Folder of the database and the blobs; by default `data` in TURNSTILE_HOME, else the user's data folder."""
    database_url: SecretStr | None = None
    """postgresql://user:password@host/name of a PostgreSQL elsewhere. Without it one is started here."""
    database_start_s: PositiveFloat = 60.0
    """Seconds that the database may take to answer at start."""
    blob_url: str | None = None
    """s3://bucket/prefix for uploads and what is made of them. Without it they lie in the data folder."""

    scratch_folder: Path | None = None
    """Folder for uploads in work, emptied after each; by default the system's temporary folder."""
    upload_bytes: PositiveInt = 2 * GIB
    """Bytes of one request's body."""
    max_members: PositiveInt = Budgets.members
    """Files in one upload."""
    max_total_bytes: PositiveInt = Budgets.total_bytes
    """Bytes of all files of one upload, unpacked."""
    max_member_bytes: PositiveInt = Budgets.member_bytes
    """Bytes of one file of an upload, unpacked."""
    max_compression_ratio: PositiveFloat = Budgets.compression_ratio
    """Unpacked bytes for each packed byte of an archive."""
    max_declared_pixel_bytes: PositiveInt = Budgets.declared_pixel_bytes
    """Bytes of pixels that one file's header may promise, checked before decoding."""
    max_nesting: NonNegativeInt = Budgets.nesting
    """Levels of zip inside zip."""

    @property
    def budgets(self) -> Budgets:
        """The limits of an upload, as the intake takes them."""
        return Budgets(
            members=self.max_members,
            total_bytes=self.max_total_bytes,
            member_bytes=self.max_member_bytes,
            compression_ratio=self.max_compression_ratio,
            declared_pixel_bytes=self.max_declared_pixel_bytes,
            nesting=self.max_nesting,
        )

    @model_validator(mode="after")
    def _deadline_covers_decoding(self) -> Self:
        if self.decode_timeout_s > self.deadline_s:
            raise ValueError("decode_timeout_s is longer than deadline_s: the deadline would always come first")
        return self
