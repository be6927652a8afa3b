"""What a gateway's response to an upload means for the run.

200                      the full report of each study
429                      Busy: wait for Retry-After; no failure. A used up quota stops the run
502, 503, 504            Unavailable: retry with growing delays
401, 403, 404, 3xx       UnusableGateway: no upload can succeed, the run stops
any other, with a code   RefusedUpload: this upload fails with that code
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final

from gateway.errors import GatewayError, QuotaExceeded
from gateway.mass_runs.refused_uploads import RefusedUpload
from screening.errors import EngineDeadline, EngineUnavailable, OverBudget

UNAVAILABLE: Final = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
FATAL: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
RETRY_S: Final = 2.0  # without a Retry-After header

Reports = tuple[Mapping[str, Any], ...]


class UnusableGateway(GatewayError):
    """This gateway, or the token for it, cannot be used for the run."""

    code: ClassVar[str] = "wrong_gateway"


@dataclass(frozen=True)
class Busy:
    """The gateway accepts no upload now."""

    retry_after_s: float


@dataclass(frozen=True)
class Unavailable:
    """The gateway, or a proxy before it, failed; the same upload may succeed later."""

    reason: RefusedUpload
    retry_after_s: float = 0.0


Outcome = Reports | Busy | Unavailable | RefusedUpload


def interpret(status: int, headers: Mapping[str, str], body: Any) -> Outcome:
    """The outcome of a response with the JSON `body`; raises UnusableGateway."""
    if status == HTTPStatus.OK:
        return _reports(body)
    problem = _problem(body)
    if problem is not None and problem.code == QuotaExceeded.code:
        raise UnusableGateway(f"{problem.detail}; the run continues when the same command is started again")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Busy(_retry_after_s(headers) or RETRY_S)
    if status in UNAVAILABLE:
        return Unavailable(problem or _proxy_fault(status), _retry_after_s(headers))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem or RefusedUpload(OverBudget.code, "a proxy before the gateway refused the upload as too large")
    if problem is None or status in FATAL or problem.code == "invalid_request":
        raise UnusableGateway(_why_unusable(status, headers, problem))
    return problem


def _reports(body: Any) -> Reports:
    rows = body.get("rows") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(one, Mapping) and "row" in one for one in rows):
        raise UnusableGateway(
            "the response is not a list of full reports: no Turnstile is at this address, or an older one"
        )
    return tuple(rows)


def _problem(body: Any) -> RefusedUpload | None:
    if isinstance(body, Mapping) and isinstance(body.get("error"), str) and isinstance(body.get("detail"), str):
        return RefusedUpload(body["error"], body["detail"])
    return None


def _proxy_fault(status: int) -> RefusedUpload:
    kind = EngineDeadline if status == HTTPStatus.GATEWAY_TIMEOUT else EngineUnavailable
    return RefusedUpload(kind.code, f"a proxy before the gateway answered {status}")


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds; 0 where the header is absent, or a date, which Turnstile never sends (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0


def _why_unusable(status: int, headers: Mapping[str, str], problem: RefusedUpload | None) -> str:
    if problem is not None:
        return f"the gateway refuses the run: {problem.code}: {problem.detail}"
    if location := headers.get("Location"):
        return f"the address answers {status} and sends to {location}; use that address if it is the gateway's"
    return f"no Turnstile is at this address: it answers {status}"
