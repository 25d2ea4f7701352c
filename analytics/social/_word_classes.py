"""What words do in a market sentence, and what follows from which stand together.

"Jobless claims fall" is good news though "fall" alone is not: a bad thing that shrinks. Words of everyday
market English are put into a few classes by hand; pairs and triples of classes near one another, with the
words themselves, are features, and so is which of two compared figures is the larger one.
"""

from functools import cache

import numpy as np
import polars as pl

from analytics.social._grams import Grams, Hashes, Numbers, bucket, hashed, mixed

BITS = 17
REACH, NEAR = 7, 2  # words between two that belong together; two so near count apart
_PAIR, _TRIPLE, _FIRST, _SECOND, _ONE, _FIGURES = range(1, 7)

CLASSES: dict[str, str] = {
    "rises": "up rise rises rising rose risen gain gains gained gaining climb climbs climbed climbing jump jumps "
    "jumped jumping surge surges surged surging soar soars soared soaring rally rallies rallied rallying rebound "
    "rebounds rebounded bounce bounces higher increase increases increased increasing grow grows grew growing growth "
    "expand expands expanded expanding advance advances advanced spike spikes spiked pops pop popped lift lifts "
    "lifted boost boosts boosted hike hikes hiked raise raises raised raising accelerate accelerates accelerated "
    "double doubles doubled top tops topped hits breakout picks recover recovers recovered recovering strengthen "
    "strengthens firm firms firmed swells builds skyrockets rockets extends extend",
    "falls": "down fall falls fell fallen falling drop drops dropped dropping decline declines declined declining dip "
    "dips dipped slide slides slid sliding slip slips slipped slipping sink sinks sank sinking tumble tumbles tumbled "
    "tumbling plunge plunges plunged plunging plummet plummets plummeted slump slumps slumped crash crashes crashed "
    "lower decrease decreases decreased decreasing shrink shrinks shrank shrinking contract contracts contracted "
    "contraction cut cuts cutting slash slashes slashed reduce reduces reduced reducing lowered lowers lowering ease "
    "eases eased easing slow slows slowed slowing slowdown retreat retreats retreated weaken weakens weakened fade "
    "fades faded fading halve halved tank tanks tanked dives dive dived trims trimmed trim pulls backs sheds shed "
    "loses lost erases erase",
    "burden": "loss losses debt unemployment jobless claims layoffs fear fears worry worries concern concerns risk "
    "risks virus coronavirus covid outbreak pandemic recession inflation tariff tariffs tension tensions costs cost "
    "bankruptcy bankruptcies insolvency insolvencies default defaults lawsuit probe investigation fraud fine penalty "
    "deficit uncertainty volatility war crisis delinquencies foreclosures deaths cases stress weakness outage recall "
    "strike strikes protest protests delay delays warning threat threats trouble problem problems issues headwinds "
    "charge charges impairment writedown short shorts selloff correction scepticism pressure pain",
    "measure": "profit profits earnings eps revenue revenues sales income ebitda margin margins orders shipments "
    "outlook guidance forecast target estimates demand output production traffic users subscribers dividend shares "
    "stock stocks futures market markets index dow nasdaq s&p jobs payrolls hiring confidence sentiment economy gdp "
    "pmi exports holdings stake deal approval hopes optimism yield price prices oil gold",
    "better": "beat beats beating exceed exceeds exceeded above better surpass surpasses surpassed outperform "
    "outperforms outperformed strong stronger record robust blowout best solid upbeat positive bullish buy overweight "
    "upgrade upgrades upgraded approves approved wins win won awarded secures successful succeeds accelerating "
    "profitable undervalued opportunity launches",
    "worse": "miss misses missed missing below worse weak weaker weakest underperform underperforms underperformed "
    "disappoint disappoints disappointing disappointed poor negative bearish sell underweight downgrade downgrades "
    "downgraded halts halted suspends suspended suspend withdraws withdrawn scraps cancels canceled cancelled delayed "
    "fails failed fail rejects rejected denied sues sued warns warned investigates slams hurt hurts hit weigh weighs "
    "bad worst ugly overvalued exits resigns steps fired closes shuts shutdown bankrupt trapped struggle struggles "
    "struggling",
    "not": "not no n't never without isn't aren't don't doesn't didn't won't can't cannot despite avoid avoids "
    "unlikely less",
    "asks": "? why what how when should could may might if would likely possibly",
    "turns": "from off early pare pared snapping amid ahead",
    "meets": "inline line meets met match matches",
    "reports": "results conference transcript call presentation declares announces reports",
}  # fmt: skip

FIGURES = ("larger", "smaller", "equal", "risen", "sunk")
_NUMBER = r"-?\$?-?\d[\d,]*\.?\d*"
_COMPARED = (
    rf"({_NUMBER})\s?(?:%|cents|c|bln|b|m|mln|million|billion|k|bps?)?[^\d$%]{{0,40}}?"
    rf"\b(vs\.?|versus|from|consensus|compared|estimate|est\.?|against)[^\d$]{{0,25}}({_NUMBER})"
)


def features(texts: pl.Series, found: Grams) -> tuple[tuple[Numbers, Numbers], np.ndarray]:
    """Return (text, bucket) of every class feature, and a dense table of texts by counts.

    The table has, per class, how often it stands and how early (1 for the first word, falling to 0), then one
    column per outcome of ``FIGURES``, then the number of words.
    """
    row, place, of, word = _classed(found)
    parts = [(row, mixed(_ONE, of.astype(np.uint64)))]
    for step in range(1, REACH + 1):
        many = max(0, len(row) - step)
        apart = place[step:] - place[:many]
        pair = np.flatnonzero((row[:many] == row[step:]) & (apart <= REACH))
        other, rows = pair + step, row[pair]
        first, second = of[pair].astype(np.uint64), of[other].astype(np.uint64)
        near = (apart[pair] <= NEAR).astype(np.uint64)
        parts += [
            (rows, mixed(_PAIR, first, second, near)),
            (rows, mixed(_FIRST, word[pair], second)),
            (rows, mixed(_SECOND, first, word[other])),
        ]
    parts.append(_triples(row, place, of))
    compared = _compared(texts)
    rows, kinds = np.nonzero(compared)
    parts.append((rows, mixed(_FIGURES, kinds.astype(np.uint64))))
    size = len(CLASSES)
    dense = np.zeros((found.texts, 2 * size + len(FIGURES) + 1))
    np.add.at(dense, (row, of), 1.0)
    np.maximum.at(dense, (row, size + of), 1 / (1 + place / 4))
    dense[:, 2 * size : -1] = compared
    dense[:, -1] = np.bincount(found.tokens.row, minlength=found.texts)
    return (
        np.concatenate([rows for rows, _ in parts]),
        bucket(np.concatenate([hashes for _, hashes in parts]), BITS),
    ), dense


@cache
def _known() -> tuple[Hashes, Numbers]:
    words = [(word, number) for number, text in enumerate(CLASSES.values()) for word in text.split()]
    order = hashed([word for word, _ in words])
    at = np.argsort(order, kind="stable")
    return order[at], np.array([number for _, number in words])[at]


def _classed(found: Grams) -> tuple[Numbers, Numbers, Numbers, Hashes]:
    """Return text, place, class and hash of the words that have a class."""
    known, number = _known()
    rows, spans = found.spans[1]
    at = np.minimum(np.searchsorted(known, spans), len(known) - 1)
    has = known[at] == spans
    return rows[has], found.tokens.place[has], number[at][has], spans[has]


def _triples(row: Numbers, place: Numbers, of: Numbers) -> tuple[Numbers, Hashes]:
    many = max(0, len(row) - 2)
    at = np.flatnonzero((row[:many] == row[2:]) & (place[2:] - place[:many] <= REACH + 2))
    three = [of[at + step].astype(np.uint64) for step in range(3)]
    return row[at], mixed(_TRIPLE, *three)


def _compared(texts: pl.Series) -> np.ndarray:
    """Return texts by ``FIGURES``: how the first two compared figures of each stand to one another."""
    lowered = texts.fill_null("").str.to_lowercase().rename("text")
    parts = lowered.str.extract_groups(_COMPARED).struct.unnest()

    def figure(name: str) -> pl.Expr:
        digits = pl.col(name).str.replace_all(r"[$,]", "").str.strip_chars_end(".")
        return digits.cast(pl.Float64, strict=False)

    first, second, moved = figure("1"), figure("3"), pl.col("2") == "from"
    return (
        parts.select(
            (~moved & (first > second)).fill_null(value=False).alias("larger"),
            (~moved & (first < second)).fill_null(value=False).alias("smaller"),
            (first == second).fill_null(value=False).alias("equal"),
            (moved & (first > second)).fill_null(value=False).alias("risen"),
            (moved & (first < second)).fill_null(value=False).alias("sunk"),
        )
        .cast(pl.Float64)
        .to_numpy()
    )
