"""Why the gateway refused a request: one tree, one stable code and one HTTP status a leaf.

    GatewayError
    ├── NotSignedIn          not_signed_in          401
    │   └── InvalidToken        invalid_token       401   a credential was shown, and is none of ours or dead
    ├── NotPermitted         not_permitted          403   the role, or the token, does not include it
    │   ├── UnknownRole         unknown_role        403   the login names no role of ours
    │   ├── UnknownInstitution  unknown_institution 403   nor an institution
    │   └── ForeignOrigin       foreign_origin      403   another web page sent this browser
    ├── TooManyRequests      too_many_requests      429   sign-ins and uploads are counted
    ├── ProviderAway         login_unavailable      503   the identity provider does not answer
    ├── NotFound             not_found              404   also what belongs to another institution
    │   ├── NoAnalysis          no_analysis         404   the scan was never analysed
    │   ├── NoReport            no_report           404   no analysis of the scan has ended in a report yet
    │   ├── NoFeedback          no_feedback         404   the asker said nothing of this report yet
    │   └── ObjectMissing       object_missing      404   the record is there, its bytes are not
    ├── RangeNotSatisfiable  range_not_satisfiable  416
    ├── StorageFull          storage_full           507
    ├── StorageAway          storage_away           503   the same request may pass later
    ├── PreconditionFailed   precondition_failed    412   the record was changed since it was read
    ├── CardChanged          model_card_changed   409   other weights are served than those that were looked at
    ├── UnknownOperatingPoint  unknown_operating_point  422   the model card has no such point
    ├── IdempotencyMismatch  idempotency_mismatch   422   the key was used for another request
    ├── IdempotencyBusy      idempotency_busy       409   the first request with this key is still in work
    └── DatabaseAway         database_unavailable   503   the same request may pass later

Why a study was not analysed is told by `screening.errors`. `detail` never holds a name, a patient's identifier, a
secret or a path of the server.
"""

from collections.abc import Mapping
from typing import ClassVar


class GatewayError(Exception):
    """A request that is refused; `headers` go out with the answer."""

    code: ClassVar[str] = "gateway_error"
    status: ClassVar[int] = 500

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})


class NotSignedIn(GatewayError):
    code, status = "not_signed_in", 401


class InvalidToken(NotSignedIn):
    code = "invalid_token"


class NotPermitted(GatewayError):
    code, status = "not_permitted", 403


class UnknownRole(NotPermitted):
    code = "unknown_role"


class UnknownInstitution(NotPermitted):
    code = "unknown_institution"


class ForeignOrigin(NotPermitted):
    code = "foreign_origin"


class TooManyRequests(GatewayError):
    code, status = "too_many_requests", 429


class ProviderAway(GatewayError):
    code, status = "login_unavailable", 503


class NotFound(GatewayError):
    code, status = "not_found", 404


class NoAnalysis(NotFound):
    code = "no_analysis"


class NoReport(NotFound):
    code = "no_report"


class NoFeedback(NotFound):
    code = "no_feedback"


class PreconditionFailed(GatewayError):
    code, status = "precondition_failed", 412


class CardChanged(GatewayError):
    code, status = "model_card_changed", 409


class UnknownOperatingPoint(GatewayError):
    code, status = "unknown_operating_point", 422


class IdempotencyMismatch(GatewayError):
    code, status = "idempotency_mismatch", 422


class IdempotencyBusy(GatewayError):
    code, status = "idempotency_busy", 409


class DatabaseAway(GatewayError):
    code, status = "database_unavailable", 503


class ObjectMissing(NotFound):
    code = "object_missing"


class RangeNotSatisfiable(GatewayError):
    code, status = "range_not_satisfiable", 416


class StorageFull(GatewayError):
    code, status = "storage_full", 507


class StorageAway(GatewayError):
    code, status = "storage_away", 503
