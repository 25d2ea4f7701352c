"""Orders live and die as orders do, and the cash and positions they leave agree."""

import polars as pl

F = pl.Float64
BOUGHT = pl.col("side").is_in(["buy", "buy_cover"])
SIGN = pl.when(BOUGHT).then(1).otherwise(-1)
TERMINAL = ["cancel", "expire", "reject"]


def test_every_order_is_entered_once_and_first(firm):
    events = firm.files["order_events"].sort("event_seq")
    assert events.filter(pl.col("event_type") == "new")["order_id"].is_duplicated().sum() == 0
    first = events.group_by("order_id", maintain_order=True).agg(pl.col("event_type").first())
    assert set(first["event_type"]) == {"new"}


def test_events_are_numbered_in_order_of_time(firm):
    events = firm.files["order_events"].sort("event_seq")
    assert events["transact_time"].is_sorted()
    assert events["event_seq"].to_list() == list(range(1, events.height + 1))


def test_no_order_is_overfilled_or_lives_on_after_its_end(firm):
    events = firm.files["order_events"].sort("event_seq")
    assert events.filter(pl.col("leaves_qty") < 0).is_empty()
    ended = pl.col("event_type").is_in(TERMINAL).cum_sum().over("order_id")
    assert events.filter((ended > 0) & ~pl.col("event_type").is_in(TERMINAL)).is_empty()
    assert (
        events.group_by("order_id")
        .agg(pl.col("leaves_qty").last())
        .filter(pl.col("leaves_qty") != 0)
        .is_empty()
    )


def test_no_fill_is_worse_than_its_limit(firm):
    fills = firm.files["order_events"].filter(
        (pl.col("event_type") == "fill") & pl.col("limit_px").is_not_null()
    )
    assert fills.filter(SIGN * (pl.col("last_px").cast(F) - pl.col("limit_px").cast(F)) > 0).is_empty()


def test_every_fill_is_an_execution_and_the_reverse(firm):
    fills = firm.files["order_events"].filter(pl.col("event_type") == "fill")
    executions = firm.files["executions"].filter(pl.col("order_id").is_not_null())
    columns = ["exec_id", "order_id", "last_qty", "last_px", "match_id"]
    assert fills.select(columns).sort("exec_id").equals(executions.select(columns).sort("exec_id"))


def test_parents_restate_what_their_children_filled(firm):
    events = firm.files["order_events"]
    parents = events.filter(pl.col("event_type") == "restate").select(
        parent_order_id="order_id", cum_qty="cum_qty"
    )
    children = events.filter(pl.col("parent_order_id").is_not_null() & (pl.col("event_type") == "fill"))
    filled = children.group_by("parent_order_id").agg(filled=pl.col("last_qty").sum())
    both = parents.join(filled, on="parent_order_id", how="full")
    assert both.filter(pl.col("cum_qty").ne_missing(pl.col("filled"))).is_empty()


def test_orders_keep_to_trading_hours(firm):
    hours = firm.files["order_events"]["transact_time"].dt.hour()
    assert hours.min() >= 13
    assert hours.max() <= 21


def test_cash_never_falls_far_below_zero(firm):
    costs = pl.col("commission").cast(F) + pl.col("fees").cast(F)
    paid = -SIGN * pl.col("last_qty").cast(F) * pl.col("last_px").cast(F) - costs
    trades = firm.files["executions"].select("account_id", date="trade_date", amount=paid)
    flows = firm.files["cash_flows"].filter(pl.col("currency") == "USD")
    flows = flows.select("account_id", "date", amount=pl.col("amount").cast(F))
    daily = pl.concat([trades, flows]).group_by("account_id", "date").agg(pl.col("amount").sum())
    cash = daily.sort("account_id", "date").with_columns(cash=pl.col("amount").cum_sum().over("account_id"))
    money = flows.filter(pl.col("amount") > 0).group_by("account_id").agg(deposits=pl.col("amount").sum())
    low = cash.join(money, on="account_id").with_columns(share=pl.col("cash") / pl.col("deposits"))
    assert low["share"].min() > -0.02


def test_the_brokers_positions_break_in_two_lines(firm):
    traded = firm.files["executions"].with_columns(quantity=SIGN * pl.col("last_qty"))
    own = traded.group_by("account_id", "instrument_id").agg(pl.col("quantity").sum())
    theirs = firm.files["positions"].select("account_id", "instrument_id", broker="quantity")
    both = own.filter(pl.col("quantity") != 0).join(theirs, on=["account_id", "instrument_id"], how="full")
    assert both.filter(pl.col("quantity").ne_missing(pl.col("broker"))).height == 2


def test_only_halyard_has_a_costly_venue(firms):
    for slug, expected in (("halyard", True), ("meridian", False)):
        taken = (
            firms[slug]
            .files["executions"]
            .filter(pl.col("order_id").is_not_null() & (pl.col("liquidity") == "taker"))
        )
        cost = SIGN * (pl.col("last_px").cast(F) / pl.col("arrival_px").cast(F) - 1) * 1e4
        by_venue = (
            taken.group_by(costly=pl.col("venue") == "EDGX").agg(cost.mean().alias("bp")).sort("costly")
        )
        assert (by_venue["bp"][1] - by_venue["bp"][0] > 4) is expected
