"""The one door through which a lazy frame is computed."""

import logging
import threading

import polars as pl

from app.errors import Unavailable

logger = logging.getLogger(__name__)

_UNREADABLE = "A part of the stored data cannot be read. The rest keeps working."

# Each query already uses every core. More of them at once only adds memory and, from some 50 on, polars
# warns that it runs out of blocking threads.
_AT_ONCE = threading.BoundedSemaphore(16)


def is_panic(error: BaseException) -> bool:
    """Tell whether ``error`` is a panic of a Rust library.

    Each library has its own ``PanicException``, all of them BaseExceptions that no ``except Exception``
    sees: uncaught, one truncated file ends a web worker per request.
    """
    return isinstance(error, pl.exceptions.PanicException) or type(error).__name__ == "PanicException"


def unreadable(error: BaseException) -> Unavailable:
    """Log what a storage library said and return the answer a user may see, which names no path."""
    logger.error("stored data cannot be read: %s: %s", type(error).__name__, error)
    return Unavailable(_UNREADABLE)


def collect(frame: pl.LazyFrame) -> pl.DataFrame:
    """Compute ``frame`` with the streaming engine.

    Sums of fixed-point columns (Decimal) are exact and the same whatever the threads; sums of Float64
    columns may differ in the last bits from run to run, so money is never summed as Float64.

    Raises:
        Unavailable: If a file is missing, truncated or corrupt, or the engine panics. The process
            survives, and no path is named.
    """
    try:
        with _AT_ONCE:
            return frame.collect(engine="streaming")
    except (pl.exceptions.ComputeError, OSError) as error:
        raise unreadable(error) from error
    except BaseException as error:
        if is_panic(error):
            raise unreadable(error) from error
        raise
