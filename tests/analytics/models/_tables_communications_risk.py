"""Small tables for communications risk."""

import numpy as np
import polars as pl

from analytics.models.communications_risk import LINES_TABLE, dealt
from tests.analytics.models._tables import Case

BAD = {
    "secrecy": ("delete this {0} after", "keep it quiet about {0}", "nobody hears of {0} from you"),
    "channel_switch": ("ring my mobile about {0}", "send {0} by whatsapp", "take {0} to the private phone"),
    "mnpi": ("my friend on the board says {0}", "the draft says {0} misses", "bought {0} before the news"),
}
GOOD = ("lunch at noon near {0}", "settlement file for {0} is late", "training slides on {0}", "the match in {0}",
        "vwap order in {0} is working", "printer on floor {0} broke")  # fmt: skip
THINGS = ("alpha", "beta", "gamma", "delta", "sigma", "omega", "kappa", "lambda")
TAILS = ("today", "please", "as ever", "ok", "thanks", "now", "again", "later")


def tables(seed: int = 0, *, told: bool = True):
    """Lines of 300 phrase families; without ``told`` what they are is drawn."""
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(300):
        kind = str(rng.choice(["good", "good", "good", *BAD]))
        words = str(rng.choice(GOOD if kind == "good" else BAD[kind]))
        line = f"{words.format(rng.choice(THINGS))} {rng.choice(TAILS)} {rng.choice(TAILS)} {group}"
        called = kind if told else str(rng.choice(["good", "good", "good", *BAD]))
        rows.append((called, f"g{group}", line))
    schema = {"family": pl.String, "phrase_family": pl.String, "text": pl.String}
    return {LINES_TABLE: dealt(pl.DataFrame(rows, schema=schema, orient="row"))}


CASES = {"communications_risk": Case(tables, null=lambda seed: tables(seed, told=False))}
