"""Each error of Triton becomes one study error."""

import pytest
from tritonclient.utils import InferenceServerException

from gateway.inference.triton_errors import MESSAGES, engine_error_of
from screening.errors import EngineDeadline, EngineError, EngineFault, EngineOverloaded, EngineUnavailable


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        ("StatusCode.UNAVAILABLE", "failed to connect to all addresses; 127.0.0.1:8001", EngineUnavailable),
        ("StatusCode.UNAVAILABLE", "Exceeds maximum queue size", EngineOverloaded),
        ("StatusCode.UNAVAILABLE", "in ensemble 'screening', Request timeout expired", EngineDeadline),
        ("StatusCode.UNAVAILABLE", "Request for unknown model: 'screening' is not ready", EngineUnavailable),
        ("StatusCode.UNAVAILABLE", "This protocol is restricted, expecting header 'x'", EngineFault),
        ("StatusCode.DEADLINE_EXCEEDED", "Deadline Exceeded", EngineDeadline),
        ("StatusCode.RESOURCE_EXHAUSTED", "message larger than max", EngineOverloaded),
        ("StatusCode.CANCELLED", "Locally cancelled", EngineUnavailable),
        ("StatusCode.NOT_FOUND", "Request for unknown model: 'screening' is not found", EngineUnavailable),
        ("StatusCode.INVALID_ARGUMENT", "unexpected shape for input 'views'", EngineFault),
        (
            "StatusCode.INTERNAL",
            "in ensemble 'screening', Stub process 'classifier_0' is not healthy",
            EngineUnavailable,
        ),
        ("StatusCode.INTERNAL", "onnxruntime execute failure", EngineFault),
        ("StatusCode.UNKNOWN", "", EngineFault),
        (None, None, EngineFault),
    ],
)
def test_a_triton_error_becomes_one_study_error(
    status: str | None, message: str | None, kind: type[EngineError]
) -> None:
    assert type(engine_error_of(InferenceServerException(message, status))) is kind


def test_the_message_of_triton_is_not_in_the_study_error() -> None:
    said = InferenceServerException("failed to connect to 10.1.2.3:8001", "StatusCode.UNAVAILABLE")
    assert "10.1.2.3" not in engine_error_of(said).detail


def test_every_error_has_a_message() -> None:
    assert all(len(words) > 10 for words in MESSAGES.values())
