"""Every knob of the gateway, by its environment variable, unit and default; read by the composition roots alone."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from screening.intake import Budgets

ROOT = Path(__file__).resolve().parent.parent
GIB = 2**30
MIB = 2**20


class Settings(BaseSettings):
    """Set any of these as `TURNSTILE_<NAME>`; docs/settings.md is written from this class."""

    model_config = SettingsConfigDict(env_prefix="TURNSTILE_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that the gateway listens on; 0 picks a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    model_repository: Path = Field(
        ROOT / "model_repository",
        description="Folder with the networks and model_card.json. The default stands beside the code.",
    )
    triton_url: str | None = Field(
        None, description="host:port of the gRPC of a Triton elsewhere. Without it one is started here."
    )
    engine_start_s: float = Field(120.0, gt=0, description="Seconds that the ensemble may take to be ready at start.")
    chunk_slices: int = Field(4, ge=1, le=64, description="Slices in one request to Triton.")
    deadline_s: float = Field(120.0, gt=0, description="Seconds that one upload may take, from first read to report.")

    slices_in_flight: int = Field(
        96, ge=1, description="Slices in work at once. One upload in work counts as the model card's slices per study."
    )
    slices_waiting: int = Field(
        192, ge=0, description="Slices that may wait for their turn; what comes on top is refused with 429."
    )

    decode_workers: int = Field(2, ge=1, description="Worker processes that read and decode studies.")
    decode_timeout_s: float = Field(60.0, gt=0, description="Seconds for reading one study before its worker is killed.")
    decode_memory_bytes: int = Field(
        2 * GIB, ge=256 * MIB, description="Bytes that a decode worker may allocate on top of what it starts with."
    )

    scratch_folder: Path | None = Field(
        None, description="Folder for uploads in work, emptied after each. Default: the system's temporary folder."
    )
    upload_bytes: int = Field(2 * GIB, ge=1, description="Bytes of one request's body.")
    max_members: int = Field(20_000, ge=1, description="Files in one upload.")
    max_total_bytes: int = Field(8 * GIB, ge=1, description="Bytes of all files of one upload, unpacked.")
    max_member_bytes: int = Field(2 * GIB, ge=1, description="Bytes of one file of an upload, unpacked.")
    max_compression_ratio: float = Field(200.0, ge=1, description="Unpacked bytes for each packed byte of an archive.")
    max_declared_pixel_bytes: int = Field(
        2 * GIB, ge=1, description="Bytes of pixels that one file's header may promise, checked before decoding."
    )
    max_nesting: int = Field(1, ge=0, description="Levels of zip inside zip.")

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
