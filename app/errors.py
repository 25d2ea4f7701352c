"""What can go wrong, each with its message and its HTTP status. Raise sites are bare."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One field that was refused."""

    field: str
    message: str
    value: str | None = None


class QuarterdeckError(Exception):
    """An error that a user or a script may see."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after = retry_after


class Unauthorised(QuarterdeckError):
    """No credential, or one that does not hold."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Sign in first"


class Forbidden(QuarterdeckError):
    """The role does not allow it."""

    status = HTTPStatus.FORBIDDEN
    title = "Your role does not allow this"


class NotFound(QuarterdeckError):
    """Unknown id, or one of another organisation: the answer is the same."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"


class Conflict(QuarterdeckError):
    """The state of the thing does not allow it, or the work is still running."""

    status = HTTPStatus.CONFLICT
    title = "Conflict"


class TooLarge(QuarterdeckError):
    """Larger than the limits of CONTRACT section 7."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Too large"


class UnsupportedMedia(QuarterdeckError):
    """A content type no source reads."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"


class Invalid(QuarterdeckError):
    """Input that does not fit; ``errors`` names each field."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Invalid input"


class TooMany(QuarterdeckError):
    """Over a limit."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"


class Unavailable(QuarterdeckError):
    """A part the answer needs is down; the rest keeps working."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Temporarily unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 30) -> None:
        super().__init__(detail, retry_after=retry_after)


class BadSettings(QuarterdeckError):
    """Settings that the process refuses to start with."""

    title = "Refused to start"
