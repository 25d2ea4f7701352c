"""What a form says when an action refuses."""

from app.errors import QuarterdeckError


def told(error: QuarterdeckError) -> str:
    """Return the refusal in words, with every field that does not fit."""
    return " ".join([error.detail, *(f"{e.field}: {e.message}." for e in error.errors)])
