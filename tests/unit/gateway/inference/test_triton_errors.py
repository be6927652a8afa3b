"""Each refusal of Triton has one meaning."""

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
def test_a_refusal_becomes_one_study_error(status: str | None, message: str | None, kind: type[EngineError]) -> None:
    assert type(engine_error_of(InferenceServerException(message, status))) is kind


def test_what_triton_says_stays_in_its_own_log() -> None:
    said = InferenceServerException("failed to connect to 10.1.2.3:8001", "StatusCode.UNAVAILABLE")
    assert "10.1.2.3" not in engine_error_of(said).detail


def test_every_meaning_has_words() -> None:
    assert all(len(words) > 10 for words in MESSAGES.values())
