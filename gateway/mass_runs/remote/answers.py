"""What a gateway's answer to an upload means for the run.

200                      the whole report of each study
429                      Busy: wait as it says; no failure
502, 503, 504            Away: ask again, with patience
401, 403, 404, 3xx       WrongGateway: every upload would fare so, the run stops
any other, with a code   Refused: this upload fails with that code
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final

from gateway.errors import GatewayError
from gateway.mass_runs.refused_uploads import Refused
from screening.errors import EngineDeadline, EngineUnavailable, OverBudget

AWAY: Final = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
STOP: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
RETRY_S: Final = 2.0  # where the answer does not say

Reports = tuple[Mapping[str, Any], ...]


class WrongGateway(GatewayError):
    """The gateway, or the login there, will not do for this run."""

    code: ClassVar[str] = "wrong_gateway"


@dataclass(frozen=True)
class Busy:
    """The gateway has no room now."""

    retry_after_s: float


@dataclass(frozen=True)
class Away:
    """The gateway, or something on the way to it, did not do its work; the same upload may pass later."""

    why: Refused
    retry_after_s: float = 0.0


Answer = Reports | Busy | Away | Refused


def meaning(status: int, headers: Mapping[str, str], body: Any) -> Answer:
    """The answer, of which `body` is what JSON it holds; raises WrongGateway."""
    if status == HTTPStatus.OK:
        return _reports(body)
    problem = _problem(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Busy(_retry_after_s(headers) or RETRY_S)
    if status in AWAY:
        return Away(problem or _unnamed(status), _retry_after_s(headers))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem or Refused(OverBudget.code, "a proxy before the gateway refused the upload as too large")
    if problem is None or status in STOP or problem.code == "invalid_request":
        raise WrongGateway(_why_wrong(status, headers, problem))
    return problem


def _reports(body: Any) -> Reports:
    rows = body.get("rows") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(one, Mapping) and "row" in one for one in rows):
        raise WrongGateway(
            "the answer is not a list of whole reports: no Turnstile is at this address, or an older one"
        )
    return tuple(rows)


def _problem(body: Any) -> Refused | None:
    if isinstance(body, Mapping) and isinstance(body.get("error"), str) and isinstance(body.get("detail"), str):
        return Refused(body["error"], body["detail"])
    return None


def _unnamed(status: int) -> Refused:
    kind = EngineDeadline if status == HTTPStatus.GATEWAY_TIMEOUT else EngineUnavailable
    return Refused(kind.code, f"something before the gateway answered {status}")


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds; 0 where the header is absent, or a date, which Turnstile never sends (RFC 9110, 10.2.3)."""
    told = headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else 0.0


def _why_wrong(status: int, headers: Mapping[str, str], problem: Refused | None) -> str:
    if problem is not None:
        return f"the gateway refuses the run: {problem.code}: {problem.detail}"
    if location := headers.get("Location"):
        return f"the address answers {status} and sends to {location}; give that one, if it is the gateway's"
    return f"no Turnstile is at this address: it answers {status}"
