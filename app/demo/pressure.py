"""How far planted trading has moved a price away from where the market would have been."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl


@dataclass
class Pressure:
    """Shifts of quotes: the price stands ``fraction`` away from its own way until the next shift."""

    shifts: dict[tuple[int, int], list[tuple[int, float]]] = field(default_factory=dict)

    def push(self, session: int, instrument: int, time: int, fraction: float) -> None:
        """Move an instrument from ``time`` (microseconds since 1970) on; 0 lets it go again."""
        shifts = self.shifts.setdefault((session, instrument), [])
        shifts.append((time, fraction))
        shifts.sort()

    def at(self, session: int, instrument: int, time: int) -> float:
        """Return how far the price is moved at an instant."""
        before = [fraction for since, fraction in self.shifts.get((session, instrument), ()) if since <= time]
        return before[-1] if before else 0.0

    def bend(self, frame: pl.DataFrame, block: pl.Series, blocks: dict[int, tuple[int, int]]) -> pl.DataFrame:
        """Return quotes moved, with one more at each shift.

        Args:
            frame: time, bid_px, ask_px and more, quotes of a block in order of time.
            block: The block of each row.
            blocks: Block to session and instrument.
        """
        moved = {number: where for number, where in blocks.items() if where in self.shifts}
        if not moved:
            return frame
        keyed = frame.with_columns(block=block)
        parts = [keyed.filter(~pl.col("block").is_in(list(moved)))]
        for number, where in moved.items():
            own = keyed.filter(pl.col("block") == number)
            times = np.array([time for time, _ in self.shifts[where]])
            fractions = np.array([0.0] + [fraction for _, fraction in self.shifts[where]])
            # The quote that stood at a shift is shown again, moved.
            place = np.clip(np.searchsorted(own["time"].to_numpy(), times, side="right") - 1, 0, None)
            again = own[place.tolist()].with_columns(time=pl.Series(times))
            both = pl.concat([own, again]).sort("time", maintain_order=True)
            since = np.searchsorted(times, both["time"].to_numpy(), side="right")
            factor = pl.Series(1 + fractions[since])
            parts.append(
                both.with_columns(
                    (pl.col("bid_px") * factor).round(2),
                    # A moved quote keeps its spread.
                    ask_px=(
                        (pl.col("bid_px") * factor).round(2) + (pl.col("ask_px") - pl.col("bid_px"))
                    ).round(2),
                )
            )
        return pl.concat(parts).drop("block")
