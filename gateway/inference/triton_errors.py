"""Triton's errors as errors of a study: one table, the first match wins."""

from typing import Final

from tritonclient.utils import InferenceServerException

from screening.errors import EngineDeadline, EngineError, EngineFault, EngineOverloaded, EngineUnavailable

# Triton answers UNAVAILABLE in three cases; only the message tells them apart.
# (core/src/dynamic_batch_scheduler.cc, core/src/scheduler_utils.cc)
ERRORS_BY_STATUS: Final[tuple[tuple[str, str, type[EngineError]], ...]] = (
    ("UNAVAILABLE", "exceeds maximum queue size", EngineOverloaded),
    ("UNAVAILABLE", "request timeout expired", EngineDeadline),
    ("UNAVAILABLE", "", EngineUnavailable),
    ("DEADLINE_EXCEEDED", "", EngineDeadline),
    ("RESOURCE_EXHAUSTED", "", EngineOverloaded),
    ("CANCELLED", "", EngineUnavailable),
    ("INTERNAL", "stub process", EngineUnavailable),  # a model's process was killed; the server is started again
    ("NOT_FOUND", "", EngineUnavailable),
    ("", "", EngineFault),
)

RESTRICTED: Final = "protocol is restricted"  # also UNAVAILABLE, but permanent (server/src/restricted_features.h)
MESSAGES: Final[dict[type[EngineError], str]] = {
    EngineOverloaded: "the inference server's queue is full; send the study again later",
    EngineDeadline: "the inference server did not answer in time",
    EngineUnavailable: "the inference server cannot be reached or has other networks than the model card; it may pass",
    EngineFault: "the inference server could not run the networks on this study",
}


def engine_error_of(refusal: InferenceServerException) -> EngineError:
    """The study error for a Triton error, without Triton's message: it may hold addresses."""
    status = (refusal.status() or "").removeprefix("StatusCode.")
    message = (refusal.message() or "").lower()
    if RESTRICTED in message:
        return EngineFault("the inference server wants another secret than the one in TURNSTILE_TRITON_SECRET")
    kind = next(
        kind for code, fragment, kind in ERRORS_BY_STATUS if (not code or code == status) and fragment in message
    )
    return kind(MESSAGES[kind])
