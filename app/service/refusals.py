"""Why a request is not answered: one sentence and the status that goes with it."""

from collections.abc import Mapping

from siamese_core.errors import DataError, ImageRejectedError, ItemError, SiameseError


class RequestError(SiameseError):
    """A request that cannot be understood.

    Attributes:
        status: HTTP's.
        headers: What the answer has to carry with it.
    """

    status = 400
    headers: Mapping[str, str] = {}


class NotHereError(RequestError):
    """A request for a model or an address that is not here."""

    status = 404


class MethodError(RequestError):
    """A request that asks where something has to be sent."""

    status = 405
    headers: Mapping[str, str] = {"Allow": "POST"}


class TooSlowError(RequestError):
    """A request that does not arrive in time."""

    status = 408


class TooLargeError(RequestError):
    """A request that is larger than the server takes."""

    status = 413


class MediaTypeError(RequestError):
    """A body of a kind that is not known."""

    status = 415


class BusyError(RequestError):
    """A request that comes while too many wait."""

    status = 503
    headers: Mapping[str, str] = {"Retry-After": "5"}


def status_of(error: SiameseError) -> int:
    """HTTP's status for an error of the core or of a request."""
    match error:
        case RequestError():
            return error.status
        case ItemError():
            return 404
        case ImageRejectedError():
            return 422
        case DataError():
            return 503
    return 500
