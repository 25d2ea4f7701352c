"""Parameters of a detector: typed, bounded, explained, and hashed into every alert."""

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any


def parameter(
    default: Any, *, unit: str, rationale: str, low: float | None = None, high: float | None = None
) -> Any:
    """Declare one parameter of a detector.

    Args:
        default: Value used unless an approved set says otherwise; its type is the parameter's type.
        unit: What the number counts.
        rationale: Why this default, in a sentence a reviewer can question.
        low: Smallest allowed value, inclusive.
        high: Largest allowed value, inclusive.
    """
    return field(default=default, metadata={"unit": unit, "rationale": rationale, "low": low, "high": high})


@dataclass(frozen=True)
class Parameters:
    """Base of all parameter sets. Values outside their range raise ``ValueError``."""

    def __post_init__(self) -> None:
        """Check type and range of every value."""
        for item in fields(self):
            value = getattr(self, item.name)
            kind = type(item.default)
            if kind is float and type(value) is int:
                object.__setattr__(self, item.name, float(value))
            elif type(value) is not kind:
                raise ValueError(f"{item.name} must be {kind.__name__}, not {value!r}")
            low, high = item.metadata["low"], item.metadata["high"]
            if (low is not None and value < low) or (high is not None and value > high):
                raise ValueError(f"{item.name} must lie between {low} and {high}, not {value!r}")

    @property
    def version(self) -> str:
        """Sixteen hex digits that name these values; part of every alert's id."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def describe(cls) -> list[dict[str, Any]]:
        """Return one row per parameter: name, type, default, unit, low, high, rationale."""
        return [
            {
                "name": item.name,
                "type": type(item.default).__name__,
                "default": None if item.default is MISSING else item.default,
                **item.metadata,
            }
            for item in fields(cls)
        ]
