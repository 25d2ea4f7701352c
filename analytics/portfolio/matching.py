"""Which closing quantity takes which opening quantity, in order or from the top, without a loop over rows."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pieces:
    """Openings and closings of many positions, each position contiguous and in order of time.

    A position starts flat, never closes more than is open, and opens on the other side only once flat.
    """

    group: Ints  # position, ascending
    opens: Marks
    units: Ints  # > 0
    number: Ints  # lot of an opening, event of a closing


@dataclass(frozen=True)
class Matches:
    """One row per lot and event that closed ``units`` of it."""

    lot: Ints
    event: Ints
    units: Ints


class Matcher(ABC):
    """A rule that says which lot a closing trade takes."""

    @abstractmethod
    def match(self, pieces: Pieces) -> Matches:
        """Return every match; rows in no particular order."""


class _Fifo(Matcher):
    """The k-th unit closed is the k-th unit opened: one merge of two cumulative quantities."""

    def match(self, pieces: Pieces) -> Matches:
        into, out = np.flatnonzero(pieces.opens), np.flatnonzero(~pieces.opens)
        left, right, units = overlaps(
            pieces.group[into], pieces.units[into], pieces.group[out], pieces.units[out]
        )
        return Matches(pieces.number[into[left]], pieces.number[out[right]], units)


class _Lifo(Matcher):
    """A closing takes what is on top.

    In each round every run of openings meets the run of closings right after it; one of the two is used up,
    and the runs on both sides of the gap join. So the number of runs at least halves each round.
    """

    def match(self, pieces: Pieces) -> Matches:
        found: list[tuple[Ints, Ints, Ints]] = []
        group, opens, units, number = pieces.group, pieces.opens, pieces.units.copy(), pieces.number
        while True:
            changes = (np.diff(group, prepend=-1) != 0) | (np.diff(opens.astype(np.int8), prepend=2) != 0)
            run = np.cumsum(changes) - 1
            if run.size == 0:
                break
            starts = np.flatnonzero(changes)
            kind, owner = opens[starts], group[starts]
            paired = np.append(kind[:-1] & ~kind[1:] & (owner[:-1] == owner[1:]), False)
            if not paired.any():
                break
            # A closing run belongs to the opening run before it; the top of that run is its end.
            into = np.flatnonzero(opens & paired[run])
            into = into[np.lexsort((-into, run[into]))]
            out = np.flatnonzero(~opens & paired[np.maximum(run - 1, 0)])
            left, right, taken = overlaps(run[into], units[into], run[out] - 1, units[out])
            found.append((number[into[left]], number[out[right]], taken))
            np.subtract.at(units, into[left], taken)
            np.subtract.at(units, out[right], taken)
            rest = units > 0
            group, opens, units, number = group[rest], opens[rest], units[rest], number[rest]
        if not found:
            none = np.empty(0, dtype=np.int64)
            return Matches(none, none, none)
        lot, event, taken = (np.concatenate(column) for column in zip(*found, strict=True))
        return Matches(lot, event, taken)


FIFO: Matcher = _Fifo()
LIFO: Matcher = _Lifo()


def overlaps(left_key: Ints, left_units: Ints, right_key: Ints, right_units: Ints) -> tuple[Ints, Ints, Ints]:
    """Lay two rows of lengths per key side by side and return the pieces both cover.

    Args:
        left_key: Key of each length, ascending.
        left_units: Lengths, > 0.
        right_key: As ``left_key``.
        right_units: As ``left_units``.

    Returns:
        Index on the left, index on the right and length of each common piece. What is longer on one side
        has no piece. At most as many pieces as lengths given.
    """
    keys = np.concatenate([left_key, right_key])
    ends = np.concatenate([_running(left_key, left_units), _running(right_key, right_units)])
    order = np.lexsort((ends, keys))
    keys, ends, is_left = keys[order], ends[order], order < left_key.size
    fresh = (np.diff(keys, prepend=-1) != 0) | (np.diff(ends, prepend=-1) != 0)
    piece = np.cumsum(fresh) - 1
    at = np.flatnonzero(fresh)
    key, end = keys[at], ends[at]
    # How many lengths of each side end before this piece begins: that is the index of the one covering it.
    left = _ended(piece, is_left, at.size)
    right = _ended(piece, ~is_left, at.size)
    start = np.where(np.diff(key, prepend=-1) == 0, np.append(0, end[:-1]), 0)
    both = (left < left_key.size) & (right < right_key.size)
    both[both] = (left_key[left[both]] == key[both]) & (right_key[right[both]] == key[both])
    return left[both], right[both], (end - start)[both]


def _running(key: Ints, units: Ints) -> Ints:
    # Cumulative length within the key. Differences of a wrapped total are exact, so it may wrap.
    total = np.cumsum(units)
    first = np.flatnonzero(np.diff(key, prepend=-1))
    base = (total - units)[first]
    running: Ints = total - np.repeat(base, np.diff(np.append(first, key.size)))
    return running


def _ended(piece: Ints, mine: Marks, size: int) -> Ints:
    count = np.bincount(piece[mine], minlength=size)
    ended: Ints = np.cumsum(count) - count
    return ended
