"""Errors of the gateway: each leaf has one stable code and one HTTP status.

    GatewayError
    ├── NotSignedIn                 not_signed_in            401
    │   ├── InvalidToken            invalid_token            401  a credential that is unknown, revoked or expired
    │   └── InvalidClaims           invalid_claims           401  a genuine login with a claim of the wrong form
    ├── NotPermitted                not_permitted            403  the role or the token does not have the scope
    │   ├── UnknownRole             unknown_role             403  the OIDC token has no known role
    │   ├── UnknownInstitution      unknown_institution      403  the OIDC token has no institution
    │   └── ForeignOrigin           foreign_origin           403  a page of another origin sent the request
    ├── MalformedRequest            malformed_request        400  no valid HTTP/1.1, or two readings of where it ends
    ├── InvalidQuery                invalid_query            400  a search by what is not matched, or how it is not
    ├── NotAcceptable               not_acceptable           406  no media type that the client accepts
    ├── HeadTooLarge                head_too_large           431  request line and headers are longer than the limit
    ├── RequestTimeout              request_timeout          408  the request stopped arriving, or arrives too slowly
    ├── TooManyConnections          too_many_connections     503  every connection of the service, or of the address
    ├── ServiceStopping             service_stopping         503  a body was still on its way when the service stopped
    ├── TooManyRequests             too_many_requests        429  above a rate limit, or too many at once
    │   └── QuotaExceeded           quota_exceeded           429  the scans or bytes of a day are used up
    ├── NoPublicUrl                 no_public_url            503  a redirect would trust the client's Host header
    ├── IdentityProviderUnavailable login_unavailable        503  the identity provider does not answer
    ├── NotFound                    not_found                404  also for records of another institution
    │   ├── NoAnalysis              no_analysis              404  the scan was never analysed
    │   ├── NoReport                no_report                404  no analysis of the scan has written a report yet
    │   ├── NoFeedback              no_feedback              404  the principal gave no feedback on this report
    │   ├── NoResultObject          no_result_object         404  the result has no such DICOM object
    │   └── ObjectMissing           object_missing           404  the storage lacks the object of a record
    ├── RangeNotSatisfiable         range_not_satisfiable    416
    ├── StorageFull                 storage_full             507
    ├── StorageUnavailable          storage_away             503  a retry may succeed
    ├── NoDicomIdentity             no_dicom_identity        422  no patient or study that DICOM can hold
    ├── PreconditionFailed          precondition_failed      412  the record was changed since it was read
    ├── ModelCardChanged            model_card_changed       409  the served weights are not those that the client read
    ├── UnknownOperatingPoint       unknown_operating_point  422  the model card has no such operating point
    ├── UnknownModelCard            unknown_model_card       422  the site has no such card, or it is of other networks
    ├── InvalidSiteCard             invalid_site_card        422  no card of a site for these networks, or a changed one
    ├── DestinationExists           destination_exists       409  a destination of results has this name already
    ├── InvalidDestination          invalid_destination      422  an address or a credential that cannot be used
    ├── IdempotencyMismatch         idempotency_mismatch     422  the key was used for another request
    ├── IdempotencyBusy             idempotency_busy         409  the first request with this key is not finished
    ├── RecordDeleted               record_deleted           410  what the first request with this key created is gone
    └── DatabaseUnavailable         database_unavailable     503  a retry may succeed

`screening.errors` has the reasons why a study was not analysed. `detail` never holds a name, a patient's identifier, a
secret or a path of the server.
"""

from collections.abc import Mapping

from screening.coded_error import CodedError


class GatewayError(CodedError):
    """A refused request; `headers` are sent with the response."""

    code = "gateway_error"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers: dict[str, str] = dict(headers or {})


class NotSignedIn(GatewayError):
    code, status = "not_signed_in", 401


class InvalidToken(NotSignedIn):
    code = "invalid_token"


class InvalidClaims(NotSignedIn):
    code = "invalid_claims"


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


class MalformedRequest(GatewayError):
    code, status = "malformed_request", 400


class InvalidQuery(GatewayError):
    code, status = "invalid_query", 400


class NotAcceptable(GatewayError):
    code, status = "not_acceptable", 406


class HeadTooLarge(GatewayError):
    code, status = "head_too_large", 431


class RequestTimeout(GatewayError):
    code, status = "request_timeout", 408


class TooManyConnections(GatewayError):
    code, status = "too_many_connections", 503


class ServiceStopping(GatewayError):
    code, status = "service_stopping", 503


class NoPublicUrl(GatewayError):
    code, status = "no_public_url", 503


class QuotaExceeded(TooManyRequests):
    code = "quota_exceeded"


class IdentityProviderUnavailable(GatewayError):
    code, status = "login_unavailable", 503


class NotFound(GatewayError):
    code, status = "not_found", 404


class NoAnalysis(NotFound):
    code = "no_analysis"


class NoReport(NotFound):
    code = "no_report"


class NoFeedback(NotFound):
    code = "no_feedback"


class NoResultObject(NotFound):
    code = "no_result_object"


class NoDicomIdentity(GatewayError):
    code, status = "no_dicom_identity", 422


class PreconditionFailed(GatewayError):
    code, status = "precondition_failed", 412


class ModelCardChanged(GatewayError):
    code, status = "model_card_changed", 409


class UnknownOperatingPoint(GatewayError):
    code, status = "unknown_operating_point", 422


class UnknownModelCard(GatewayError):
    code, status = "unknown_model_card", 422


class InvalidSiteCard(GatewayError):
    code, status = "invalid_site_card", 422


class DestinationExists(GatewayError):
    code, status = "destination_exists", 409


class InvalidDestination(GatewayError):
    code, status = "invalid_destination", 422


class IdempotencyMismatch(GatewayError):
    code, status = "idempotency_mismatch", 422


class IdempotencyBusy(GatewayError):
    code, status = "idempotency_busy", 409


class RecordDeleted(GatewayError):
    code, status = "record_deleted", 410


class DatabaseUnavailable(GatewayError):
    code, status = "database_unavailable", 503


class ObjectMissing(NotFound):
    code = "object_missing"


class RangeNotSatisfiable(GatewayError):
    code, status = "range_not_satisfiable", 416


class StorageFull(GatewayError):
    code, status = "storage_full", 507


class StorageUnavailable(GatewayError):
    code, status = "storage_away", 503
