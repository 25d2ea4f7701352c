"""Restricted list: an order in an instrument while it is on a list that covers who ordered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.compliance._listings import covered, in_force
from analytics.compliance._spans import settled
from analytics.compliance.alerts import Metric, Told, listed, sequence, with_episode
from analytics.compliance.detector import GAP_SCHEMA, LISTS, Detector, Tables
from analytics.compliance.parameters import Parameters, parameter
from analytics.text import formatted

_ACTS = {"new": "entered", "replace": "amended"}


@dataclass(frozen=True)
class RestrictedListParameters(Parameters):
    """What counts as covered, and how heavy each list weighs."""

    derivatives: bool = parameter(
        default=True,
        unit="yes/no",
        rationale="An option or future on a listed instrument carries the same knowledge.",
    )
    issuer_family: bool = parameter(
        default=True,
        unit="yes/no",
        rationale="Other instruments of the same issuer move on the same news.",
    )
    restricted_score: float = parameter(
        90.0, unit="score", low=0, high=100, rationale="The rule is binary: no order is allowed."
    )
    insider_score: float = parameter(
        95.0, unit="score", low=0, high=100, rationale="The person was told; nothing weighs more."
    )
    watch_score: float = parameter(
        60.0, unit="score", low=0, high=100, rationale="Trading is allowed; the control room wants to know."
    )
    amend_discount: float = parameter(
        10.0, unit="score", low=0, high=50, rationale="An amendment of an older order may be housekeeping."
    )


class RestrictedList(Detector):
    """An order is entered or amended in a listed instrument by somebody the list covers.

    Rule: event ``new`` or ``replace`` with valid_from <= transact_time < valid_to, by the firm, the desk
    or the person the entry names; derivatives of the instrument and other instruments of its issuer are
    covered too. An order that was resting before the listing and is not touched is not flagged, nor are
    its fills. Linear: one equality join with the lists, which are small.
    """

    name = "restricted_list"
    code = "D17"
    title = "Suspected restricted list breach"
    version = "1.1.0"
    description = "An order was entered or amended in an instrument while a control-room list forbade it."
    regulation = ("MAR Art. 16(2), Reg. 2016/957", "SEC Rule 15c3-5")
    inputs = ("order_events", LISTS)
    helpful = ("instruments", "accounts", "executions")
    false_positives = (
        "Exemptions to unwind a position",
        "Unsolicited agency orders",
        "An instrument mapped to the wrong issuer",
    )
    Params = RestrictedListParameters

    def episodes(self, tables: Tables, params: RestrictedListParameters) -> pl.LazyFrame:
        """Return orders within a listing, merged into episodes by actor, instrument and list."""
        desks = (
            tables["accounts"]
            .select("account_id", account_desk="desk", account_owner="owner_id")
            .unique("account_id", keep="any")
        )
        events = tables["order_events"].filter(pl.col("event_type").is_in(list(_ACTS)))
        hits = (
            events.join(_covered(tables, params), on="instrument_id", how="inner")
            .filter(in_force())
            .join(desks, on="account_id", how="left")
            .filter(_in_scope())
            .with_columns(
                actor_group=formatted(
                    "{}|{}",
                    pl.col("list_type"),
                    pl.coalesce(
                        formatted("trader:{}", pl.col("trader_id")),
                        formatted("account:{}", pl.col("account_id")),
                    ),
                )
            )
        )
        return (
            with_episode(hits)
            .group_by("actor_group", "instrument_id", "episode")
            .agg(
                window_start=pl.col("transact_time").min(),
                window_end=pl.col("transact_time").max(),
                first_seq=_seq().first(),
                last_seq=_seq().last(),
                list_type=pl.col("list_type").first(),
                listed_id=pl.col("listed_id").min(),
                why=pl.col("why").max(),  # "itself" comes last, and says most
                valid_from=pl.col("valid_from").min(),
                entered=(pl.col("event_type") == "new").sum(),
                orders=pl.col("order_id").n_unique(),
                # An event matches one entry each; several entries must not count its quantity twice.
                qty=pl.col("order_qty").cast(pl.Float64).max(),
                sides=pl.col("side").unique().sort(),
                order_ids=listed("order_id"),
                event_seqs=listed("event_seq"),
                accounts=listed("account_id"),
                traders=listed("trader_id"),
            )
        )

    def blind_spots(self, tables: Tables, params: RestrictedListParameters) -> list[pl.LazyFrame]:
        """Return listed instruments that were traded without an order being on record."""
        listed_fills = settled(
            tables["executions"]
            .join(_covered(tables, params), on="instrument_id", how="inner")
            .filter(in_force())
        )
        # Of millions of orders only those of these few executions are asked for.
        asked = listed_fills.select("order_id").unique()
        known = tables["order_events"].select("order_id").join(asked, on="order_id", how="semi").unique()
        orphans = listed_fills.join(known, on="order_id", how="anti")
        return [
            orphans.group_by("instrument_id")
            .agg(missing=pl.col("exec_id").n_unique().cast(pl.UInt32))
            .with_columns(
                reason=pl.lit("Executions in a listed instrument have no order on record to judge by.")
            )
            .select(*GAP_SCHEMA)
        ]

    def tell(self, episode: Mapping[str, Any], params: RestrictedListParameters) -> Told:
        """Score by the list; amendments of older orders weigh a little less."""
        kind, entered, orders = episode["list_type"], episode["entered"], episode["orders"]
        base = {"restricted": params.restricted_score, "insider": params.insider_score}
        score = base.get(kind, params.watch_score) - (0 if entered else params.amend_discount)
        who = f"trader {episode['traders'][0]}" if episode["traders"] else f"account {episode['accounts'][0]}"
        act = "entered" if entered else "amended"
        after = (episode["window_start"] - episode["valid_from"]).total_seconds()
        instrument, listing = episode["instrument_id"], episode["listed_id"]
        covered = {
            "itself": f"{instrument} itself is on the {kind} list.",
            "derivative": f"{instrument} is a derivative of {listing}, which is on the {kind} list.",
            "issuer": f"{instrument} has the same issuer as {listing}, which is on the {kind} list.",
        }
        return Told(
            score=score,
            metrics=[
                Metric("orders", float(orders), 1.0, "orders"),
                Metric("after_listing", after, 0.0, "seconds"),
                Metric("largest_order", episode["qty"], None, "units"),
            ],
            story=[
                f"{listing} was put on the {kind} list at {episode['valid_from']:%Y-%m-%d %H:%M:%S} UTC.",
                covered[episode["why"]],
                (
                    f"{_span(after)} later {who} {act} {_orders(orders)} in it ({', '.join(episode['sides'])}), "
                    f"the largest over {episode['qty']:,.0f} units."
                ),
                "Suspected breach: check for an exemption to unwind, or an unsolicited client order.",
            ],
            actors=[("account", a) for a in episode["accounts"]]
            + [("trader", t) for t in episode["traders"]],
            order_ids=episode["order_ids"],
            event_seqs=episode["event_seqs"],
            instrument_ids=[] if listing == instrument else [listing],
        )


def _covered(tables: Tables, params: RestrictedListParameters) -> pl.LazyFrame:
    return covered(tables, derivatives=params.derivatives, issuer_family=params.issuer_family)


def _in_scope() -> pl.Expr:
    subject = pl.col("subject_id")
    firm = subject.is_null() | (pl.col("subject_kind") == "firm")
    desk = (pl.col("subject_kind") == "desk") & (subject == pl.coalesce("desk", "account_desk"))
    person = (pl.col("subject_kind") == "person") & (
        (subject == pl.col("trader_id")).fill_null(value=False)
        | (subject == pl.col("account_owner")).fill_null(value=False)
    )
    return (firm | desk | person).fill_null(value=False)


def _seq() -> pl.Expr:
    return sequence(seq="event_seq")


def _orders(n: int) -> str:
    return "one order" if n == 1 else f"{n} orders"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.1f} hours"
