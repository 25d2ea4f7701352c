"""Away account: the market moves for a moment, one owner is filled at the better price, the market goes back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._order_lives import DAY, SECOND, at_ns, whose
from analytics.compliance._pulled_chance import log10_tail
from analytics.compliance._pulled_episodes import every_fill
from analytics.compliance._pulled_sides import fill_clusters
from analytics.compliance._spans import settled, steadied
from analytics.compliance.alerts import Metric, Told
from analytics.compliance.detector import GAP_SCHEMA, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_BOOK_DAY = ["actor_group", "instrument_id", "buying", "day"]


@dataclass(frozen=True)
class AwayAccountParameters(Parameters):
    """What is a flicker, and how many are too many."""

    before: float = parameter(
        10.0, unit="seconds", low=0.1, high=300, rationale="A price moved for one fill is not moved for long."
    )
    after: float = parameter(
        10.0, unit="seconds", low=0.1, high=300, rationale="Who moved it has no reason to hold it there."
    )
    move: float = parameter(
        1.0, unit="spreads", low=0.1, high=100, rationale="Less is the everyday flutter of the quotes."
    )
    reverted: float = parameter(
        0.5, unit="fraction of the move", low=0, high=1, rationale="A move that stays was information."
    )
    fills: int = parameter(
        5,
        unit="fills a day",
        low=2,
        high=1000,
        rationale="Everybody is lucky now and then: only counts tell.",
    )
    base_rate: float = parameter(
        0.02,
        unit="fraction of fills",
        low=1e-4,
        high=0.5,
        rationale="Luck expected at least, where others have too few fills to tell.",
    )
    max_chance: float = parameter(
        1e-4,
        unit="probability",
        low=0,
        high=1,
        rationale="Of so many lucky fills, at the rate of all others.",
    )


class AwayAccount(Detector):
    """Again and again one owner is filled in the very moment in which the quotes dip and come back.

    Rule: the mid moved by ``move`` spreads in favour of the fill within ``before``, the fill is better than
    the touch on its own side had been, and at least ``reverted`` of the move is gone ``after`` seconds later.
    Who moved it is not seen: an account elsewhere. At least ``fills`` such fills a day, more than the rate of
    all other owners in that instrument explains. Linear: three as-of joins with the quotes.
    """

    name = "away_account"
    code = "D05d"
    title = "Suspected help from an away account"
    version = "1.0.0"
    description = (
        "Fills came again and again in moments in which others moved the quotes, which then went back."
    )
    regulation = ("MAR Art. 16(2), Reg. 2016/957",)
    inputs = ("order_events", "quotes")
    helpful = ("accounts",)
    false_positives = (
        "Patient liquidity providers in a name that mean-reverts within seconds",
        "Quotes of a slow feed, which seem to move back late",
        "Thin books in which every order of somebody else moves the touch",
    )
    Params = AwayAccountParameters

    def episodes(self, tables: Tables, params: AwayAccountParameters) -> pl.LazyFrame:
        """Return days of a group and instrument with too many lucky fills."""
        judged = settled(_judged(tables, params))
        return steadied(_too_many(judged, params)).filter(
            pl.col("log_chance") <= math.log10(params.max_chance)
            if params.max_chance > 0
            else pl.lit(value=False)
        )

    def blind_spots(self, tables: Tables, params: AwayAccountParameters) -> list[pl.LazyFrame]:
        """Return fills of instruments without quotes."""
        quoted = tables["quotes"].select("instrument_id").unique()
        return [
            tables["order_events"]
            .filter(pl.col("event_type") == "fill")
            .join(quoted, on="instrument_id", how="anti")
            .group_by("instrument_id")
            .agg(missing=pl.len().cast(pl.UInt32))
            .with_columns(reason=pl.lit("No quotes to hold the fills of some instruments against."))
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: AwayAccountParameters) -> Told:
        """Score by how unlikely the count is, how large the moves and how many."""
        n, of, rate = episode["lucky"], episode["all"], episode["rate"]
        rarity = min(1.0, -episode["log_chance"] / 15)
        size = min(1.0, episode["moved"] / params.move / 5)
        many = min(1.0, n / params.fills / 4)
        verb = "bought" if episode["buying"] else "sold"
        moved, back = ("fallen", "rose") if episode["buying"] else ("risen", "fell")
        return Told(
            score=40 + 60 * (0.5 * rarity + 0.25 * size + 0.25 * many),
            metrics=[
                Metric("lucky_fills", float(n), float(params.fills), "fills"),
                Metric("fills", float(of), None, "fills"),
                Metric("base_rate", rate, None, "fraction of fills"),
                Metric("moved", episode["moved"], params.move, "spreads"),
                Metric("better", episode["better"], 0.0, "spreads"),
                Metric("log10_chance", episode["log_chance"], None, "log10 of probability"),
            ],
            story=[
                (
                    f"On {episode['window_start']:%Y-%m-%d} {whose(episode['accounts'])} {verb} "
                    f"{episode['instrument_id']} {of} times; {n} times the quotes had just {moved}, "
                    f"by {episode['moved']:.1f} spreads on average, and {back} back within {params.after:g} s."
                ),
                (
                    f"These fills were {episode['better']:.1f} spreads better than the touch on the same side had "
                    f"been {params.before:g} s before."
                ),
                (
                    f"Of all other fills {rate:.1%} are as lucky; so many of them have a probability below "
                    f"{10 ** max(episode['log_chance'], -99):.1g}."
                ),
                "Who moved the quotes is not among these accounts: ask the venue, or look at connected firms.",
            ],
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            exec_ids=episode["exec_ids"],
        )


def _judged(tables: Tables, params: AwayAccountParameters) -> pl.LazyFrame:
    """Return fills, at most one a second and side, with whether the quotes moved for them and went back."""
    fills = fill_clusters(every_fill(tables)).with_columns(day=pl.col("ns") // DAY)
    usable = (pl.col("bid_px") > 0) & (pl.col("ask_px") > pl.col("bid_px"))
    quotes = (
        tables["quotes"]
        .filter(usable)
        .join(fills.select("instrument_id").unique(), on="instrument_id", how="semi")
        .select(
            "instrument_id", "seq",
            quoted="transact_time_ns",
            bid=pl.col("bid_px").cast(pl.Float64),
            ask=pl.col("ask_px").cast(pl.Float64),
        )
        .sort("quoted", "seq")
        .drop("seq")
    )  # fmt: skip
    quotes = settled(quotes)
    rows = fills
    moments = {"was": -int(params.before * SECOND), "now": 0, "then": int(params.after * SECOND)}
    for name, shift in moments.items():
        seen = quotes.rename({"bid": f"{name}_bid", "ask": f"{name}_ask"})
        # Later quotes of the very same instant may already show the fill: strictly before, save for the end.
        rows = rows.with_columns(at=pl.col("ns") + shift).sort("at").join_asof(
            seen, left_on="at", right_on="quoted", by="instrument_id", strategy="backward",
            allow_exact_matches=name == "then", check_sortedness=False,
        ).drop("at", "quoted")  # fmt: skip
    sign = pl.when(pl.col("buying")).then(1.0).otherwise(-1.0)
    mid = {name: (pl.col(f"{name}_bid") + pl.col(f"{name}_ask")) / 2 for name in moments}
    spread = pl.col("was_ask") - pl.col("was_bid")
    touch = pl.when(pl.col("buying")).then("was_bid").otherwise("was_ask")
    return (
        rows.with_columns(
            # Rounded, so that a move of exactly one spread is one.
            moved=(sign * (mid["was"] - mid["now"]) / spread).round(6),
            back=(sign * (mid["then"] - mid["now"]) / spread).round(6),
            better=(sign * (touch - pl.col("fill_px")) / spread).round(6),
        )
        .filter(pl.col("moved").is_not_null())
        .with_columns(
            lucky=(pl.col("moved") >= params.move)
            & (pl.col("back") >= params.reverted * pl.col("moved"))
            & (pl.col("better") > 0)
        )
    )


def _too_many(judged: pl.LazyFrame, params: AwayAccountParameters) -> pl.LazyFrame:
    """Return days with enough lucky fills, with the bound of their chance at the rate of the others."""
    lucky = pl.col("lucky")
    days = (
        judged.group_by(_BOOK_DAY)
        .agg(
            lucky=lucky.sum(),
            all=pl.len(),
            first_ns=pl.col("ns").filter(lucky).min(),
            last_ns=pl.col("ns").filter(lucky).max(),
            moved=pl.col("moved").filter(lucky).mean(),
            better=pl.col("better").filter(lucky).mean(),
            order_ids=_of_lucky("fill_orders"),
            exec_ids=_of_lucky("exec_ids"),
            accounts=_of_lucky("fill_accounts"),
            traders=_of_lucky("fill_traders"),
        )
        .filter(pl.col("lucky") >= params.fills)
    )
    whole = judged.group_by("instrument_id").agg(all_lucky=lucky.sum(), all_fills=pl.len())
    own = judged.group_by("actor_group", "instrument_id").agg(own_lucky=lucky.sum(), own_fills=pl.len())
    others = pl.col("all_fills") - pl.col("own_fills")
    luck = pl.col("all_lucky").cast(pl.Int64) - pl.col("own_lucky").cast(pl.Int64)
    # Fifty fills of mere base rate are mixed in, so that few fills of others prove little.
    rate = pl.max_horizontal((luck + 50 * params.base_rate) / (others + 50), pl.lit(params.base_rate))
    return (
        days.join(whole, on="instrument_id", how="left")
        .join(own, on=["actor_group", "instrument_id"], how="left")
        .with_columns(rate=rate)
        .with_columns(
            log_chance=log10_tail("lucky", "all", "rate"),
            window_start=at_ns(pl.col("first_ns")),
            window_end=at_ns(pl.col("last_ns")),
            first_seq=formatted("{}.{}", pl.col("first_ns"), pl.col("buying").cast(pl.Int8)),
            last_seq=formatted("{}.0", pl.col("last_ns")),
        )
    )


def _of_lucky(column: str) -> pl.Expr:
    """Return the distinct values of a list column over the lucky fills, sorted."""
    return pl.col(column).filter(pl.col("lucky")).explode().drop_nulls().unique().sort().head(500)
