"""What positions and net asset value are derived from, and the few shapes both need."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from analytics.conventions import (
    INCOME_KINDS,
    ONE,
    ZERO,
    explicit_costs,
    is_external,
    signed_quantity,
    trade_day,
)
from analytics.datasets import DECIMAL
from analytics.portfolio.currency import rates
from analytics.trading.fills import current

# Which adjustment basis an instrument is valued in, best first. Raw closes are what was paid; a basis
# adjusted for splits is put back by the splits known here; one adjusted for dividends also understates the
# past, and is the last resort.
BASES = {"raw": 0, "split": 1, "split_div": 2}


@dataclass(frozen=True)
class Facts:
    """Published rows of one organisation, each in the schema of its data set."""

    executions: pl.LazyFrame
    prices: pl.LazyFrame
    accounts: pl.LazyFrame
    instruments: pl.LazyFrame
    cash_flows: pl.LazyFrame
    fx_rates: pl.LazyFrame
    corporate_actions: pl.LazyFrame

    @cached_property
    def described(self) -> pl.LazyFrame:
        """Latest description of each instrument: instrument_id, instrument_currency, multiplier."""
        latest = self.instruments.sort("valid_from", nulls_last=False).unique("instrument_id", keep="last")
        return latest.select("instrument_id", "multiplier", instrument_currency="currency")

    @cached_property
    def trades(self) -> pl.LazyFrame:
        """Executions as they stand: signed quantity, price and money in the execution's currency."""
        fills = current(self.executions).select(
            "account_id",
            "instrument_id",
            "transact_time_ns",
            "exec_id",
            "currency",
            date=trade_day(),
            quantity=signed_quantity(),
            price="last_px",
            costs=explicit_costs(),
            accrued=pl.col("accrued_interest").fill_null(ZERO),
        )
        fills = fills.join(self.described, on="instrument_id", how="left")
        return kept(fills.with_columns(pl.col("multiplier").fill_null(ONE)))

    @cached_property
    def currencies(self) -> pl.LazyFrame:
        """Currency each instrument is held in: its own, else that of its executions (first by name)."""
        traded = self.trades.group_by("instrument_id").agg(
            currency=pl.coalesce(pl.col("instrument_currency").first(), pl.col("currency").min())
        )
        return kept(traded.rename({"currency": "position_currency"}))

    @cached_property
    def flows(self) -> pl.LazyFrame:
        """Cash flows with their session: the value day, or the next session after it."""
        flows = self.cash_flows.select(
            "account_id",
            "instrument_id",
            "kind",
            "amount",
            "currency",
            external=is_external(),
            value_day="date",
        )
        sessions = self.sessions.select("date")
        moved = flows.sort("value_day").join_asof(
            sessions, left_on="value_day", right_on="date", strategy="forward", check_sortedness=False
        )
        return kept(moved.with_columns(pl.coalesce("date", "value_day").alias("date")).drop("value_day"))

    @cached_property
    def income(self) -> pl.LazyFrame:
        """Cash flows that one holding earned: account_id, instrument_id, date, currency, amount."""
        earned = pl.col("kind").is_in(INCOME_KINDS) & pl.col("instrument_id").is_not_null()
        return self.flows.filter(earned).select("account_id", "instrument_id", "date", "currency", "amount")

    @cached_property
    def sessions(self) -> pl.LazyFrame:
        """Days that have a row: ``date`` and its number ``session``, from 0.

        A session is a day with a trade or with a price of a traded instrument, from the first trade or cash
        flow on; a flow after the last session, or before the first, is a session of its own.
        """
        trade_days = self.trades.select("date")
        flow_days = self.cash_flows.select("date")
        traded = self.trades.select("instrument_id").unique()
        priced = self.prices.join(traded, on="instrument_id", how="semi").select("date")
        market = pl.concat([trade_days, priced]).unique()
        start = pl.concat([trade_days, flow_days]).select(start=pl.col("date").min())
        market = market.join(start, how="cross").filter(pl.col("date") >= pl.col("start")).select("date")
        edges = market.select(first=pl.col("date").min(), last=pl.col("date").max())
        outside = (
            (pl.col("date") > pl.col("last")) | (pl.col("date") < pl.col("first")) | pl.col("last").is_null()
        )
        lonely = flow_days.unique().join(edges, how="cross").filter(outside).select("date")
        days = pl.concat([market, lonely]).drop_nulls().unique().sort("date")
        return kept(days.with_row_index("session").with_columns(pl.col("session").cast(pl.Int64)))

    @cached_property
    def splits(self) -> pl.LazyFrame:
        """Splits: instrument_id, date (ex date), ratio (new shares per old share)."""
        actions = self.corporate_actions.filter(
            pl.col("kind").str.to_lowercase().str.contains("split") & (pl.col("ratio") > 0)
        )
        return actions.select("instrument_id", "ratio", date="ex_date").filter(pl.col("ratio") != 1)

    @cached_property
    def closes(self) -> pl.LazyFrame:
        """Daily closes in one basis per instrument: instrument_id, price_date, market_px, price_currency.

        The basis is the first of ``BASES`` the instrument has. Closes adjusted for splits are multiplied by
        the splits that came after, so that price x shares held that day is the value of that day.
        """
        rank = pl.col("adj_basis").fill_null("raw").replace_strict(BASES, default=9, return_dtype=pl.Int32)
        traded = self.trades.select("instrument_id").unique()
        prices = self.prices.join(traded, on="instrument_id", how="semi").select(
            "instrument_id", "date", "close", "currency", rank=rank
        )
        best = prices.group_by("instrument_id").agg(rank=pl.col("rank").min())
        chosen = prices.join(best, on=["instrument_id", "rank"], how="semi")
        later = (
            chosen.filter(pl.col("rank") > 0)
            .select("instrument_id", "date")
            .join(self.splits.rename({"date": "ex_date"}), on="instrument_id")
            .filter(pl.col("ex_date") > pl.col("date"))
            .group_by("instrument_id", "date")
            .agg(factor=pl.col("ratio").cast(pl.Float64).product().cast(DECIMAL))
        )
        closes = chosen.join(later, on=["instrument_id", "date"], how="left").select(
            "instrument_id",
            price_date="date",
            market_px=pl.col("close") * pl.col("factor").fill_null(ONE),
            price_currency="currency",
        )
        return kept(closes)

    @cached_property
    def bases(self) -> pl.LazyFrame:
        """Base currency of each account: its own, else the only currency it uses, else null."""
        used = pl.concat(
            [self.trades.select("account_id", "currency"), self.flows.select("account_id", "currency")]
        )
        single = used.group_by("account_id").agg(
            only=pl.when(pl.col("currency").n_unique() == 1).then(pl.col("currency").first())
        )
        own = self.accounts.select("account_id", "base_currency").unique("account_id", keep="last")
        based = single.join(own, on="account_id", how="left")
        return kept(based.select("account_id", base=pl.coalesce("base_currency", "only")))

    def rates(self, *pairs: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rates of these ``currency, base`` pairs on every session."""
        return kept(rates(self.fx_rates, pairs=kept(pl.concat(pairs).unique()), days=self.sessions))

    def carried(self, states: pl.LazyFrame, *, by: list[str], keep: pl.Expr | None = None) -> pl.LazyFrame:
        """Repeat each state on every session until the next state of its group.

        Args:
            states: One row per group and event day, with ``date``.
            by: Columns of the group.
            keep: Whether a state is carried on; one that is not has its own day only. None: all are.

        Returns:
            ``states`` with ``date`` replaced by each session, ``is_event`` saying on which day the state
            began, and ``group``, a number per group. Sorted by group and date.
        """
        count = self.sessions.select(sessions=pl.len().cast(pl.Int64))
        numbered = states.join(self.sessions, on="date", how="inner").join(count, how="cross")
        numbered = numbered.sort(*by, "session")
        starts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in by)
        numbered = numbered.with_columns(group=starts.cum_sum())
        last = pl.col("group").ne_missing(pl.col("group").shift(-1))
        end = pl.when(last).then("sessions").otherwise(pl.col("session").shift(-1))
        if keep is not None:
            end = pl.when(keep).then(end).otherwise(pl.col("session") + 1)
        spread = numbered.with_columns(_first="session", session=pl.int_ranges("session", end))
        spread = spread.drop("date", "sessions").explode("session")
        spread = spread.with_columns(is_event=pl.col("session") == pl.col("_first")).drop("_first")
        dated = spread.join(self.sessions, on="session", how="left", maintain_order="left")
        return dated.drop("session")


def kept(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Compute a step that several branches use, once: the planner does not share work across joins."""
    return frame.collect(engine="streaming").lazy()
