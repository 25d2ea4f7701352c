"""Would this order pass? Price, size, limits, lists, duplicates and who trades, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Outcome = Literal["pass", "warn", "block", "unknown"]
_BUYS = ("buy", "buy_cover")
_EPS = 1e-9  # what a division of floats may be off by
# What a check leads to, worst first; what cannot be judged is not let through.
_RANK: tuple[Outcome, ...] = ("block", "unknown", "warn", "pass")


@dataclass(frozen=True)
class Proposed:
    """An order before it is sent. ``price`` is null for one without a limit; quantities are positive."""

    account_id: str
    instrument_id: str
    side: str
    quantity: float
    price: float | None
    at: datetime
    trader_id: str | None = None
    multiplier: float = 1.0


@dataclass(frozen=True)
class Reference:
    """What a price is held against; all null where nothing is known."""

    price: float | None = None
    kind: str = "mid"  # or close
    at: datetime | None = None
    spread: float | None = None
    daily_sigma: float | None = None  # of log returns
    adv: float | None = None  # shares a day


@dataclass(frozen=True)
class Bound:
    """A limit that binds the order. ``used`` is what is used already, in the limit's unit."""

    name: str
    measure: Literal["order_qty", "order_notional", "position"]
    value: float
    used: float = 0.0
    warn_at: float | None = None
    hard: bool = True


@dataclass(frozen=True)
class Listing:
    """A restricted or insider entry in force; a watch list is never handed in."""

    instrument_id: str
    kind: Literal["restricted", "insider"]


@dataclass(frozen=True)
class Sent:
    """An order already sent, to find repetitions."""

    account_id: str
    instrument_id: str
    side: str
    quantity: float
    price: float | None
    at: datetime


@dataclass(frozen=True)
class Clearance:
    """What the rules for personal accounts say of the order: whether they apply, and what was approved."""

    needed: bool = False
    approved: bool = False  # somebody approved person, instrument and side for this moment
    left: float | None = None  # units of the approval not used yet; None: any


@dataclass(frozen=True)
class Rules:
    """Thresholds; the same as those of the surveillance of slips."""

    collar: float = 0.05
    close_collar: float = 0.10
    spreads: float = 5.0
    sigmas: float = 6.0
    max_quote_age: timedelta = timedelta(minutes=10)
    max_close_age: timedelta = timedelta(days=7)
    adv_share: float = 0.10
    repeats: int = 3
    repeat_window: timedelta = timedelta(seconds=1)


@dataclass(frozen=True)
class Check:
    """One check: how it ended, why, and the number behind it beside its bound."""

    name: str
    outcome: Outcome
    reason: str
    value: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Answer:
    """All checks and what they come to: ``pass``, ``warn`` or ``block``."""

    outcome: Literal["pass", "warn", "block"]
    checks: tuple[Check, ...] = field(default=())


def check(
    order: Proposed,
    *,
    reference: Reference,
    bounds: Sequence[Bound] = (),
    listings: Sequence[Listing] = (),
    sent: Sequence[Sent] = (),
    clearance: Clearance | None = None,
    blocked: bool = False,
    rules: Rules | None = None,
) -> Answer:
    """Return what an order would meet if it were sent now.

    A reference that is missing or stale blocks: a price that cannot be judged is not let through.

    Args:
        order: The order.
        reference: Last price known of its instrument.
        bounds: Limits that bind it.
        listings: Restricted and insider entries in force on its instrument, for whoever sends it.
        sent: What was sent lately.
        clearance: What the rules for personal accounts say; they do not apply when None.
        blocked: Whether compliance has closed the account, its owner or the trader to trading.
        rules: Thresholds; the defaults when None.
    """
    used = rules or Rules()
    checks = (
        _price(order, reference, used),
        _size(order, reference, used),
        *_limits(order, reference, bounds),
        _lists(listings),
        _duplicates(order, sent, used),
        _clearance(order, clearance or Clearance()),
        _party(blocked=blocked),
    )
    worst = min((one.outcome for one in checks), key=_RANK.index)
    return Answer("block" if worst in {"block", "unknown"} else "warn" if worst == "warn" else "pass", checks)


def _price(order: Proposed, reference: Reference, rules: Rules) -> Check:
    if reference.price is None or reference.at is None or reference.price <= 0:
        return Check("price", "unknown", "No price is known to hold the order against.")
    live = reference.kind == "mid"
    oldest = rules.max_quote_age if live else rules.max_close_age
    if order.at - reference.at > oldest:
        return Check("price", "unknown", f"The last {reference.kind} is too old to hold the order against.")
    if order.price is None:
        return Check("price", "pass", "An order without a limit trades at the market.")
    sigma = reference.daily_sigma or 0.0
    if live:
        wide = rules.spreads * (reference.spread or 0.0) / reference.price
        band = max(rules.collar, wide, rules.sigmas * sigma / 390**0.5)
    else:
        band = max(rules.close_collar, rules.sigmas * sigma)
    sign = 1 if order.side in _BUYS else -1
    away = sign * (order.price / reference.price - 1)
    if away > band + _EPS:
        word = "above" if sign > 0 else "below"
        text = f"The limit is {away:.1%} {word} the last {reference.kind}; the collar is {band:.1%}."
        return Check("price", "block", text, away, band)
    return Check("price", "pass", "The limit is within the collar.", away, band)


def _size(order: Proposed, reference: Reference, rules: Rules) -> Check:
    if reference.adv is None or reference.adv <= 0:
        return Check("size", "warn", "Usual volume is not known, so the size was not judged.")
    share = order.quantity / reference.adv
    if share > rules.adv_share:
        text = f"The order is {share:.0%} of usual daily volume; {rules.adv_share:.0%} is the most."
        return Check("size", "block", text, share, rules.adv_share)
    return Check("size", "pass", "The size is within a tenth of usual volume.", share, rules.adv_share)


def _limits(order: Proposed, reference: Reference, bounds: Sequence[Bound]) -> tuple[Check, ...]:
    price = order.price if order.price is not None else reference.price
    sign = 1 if order.side in _BUYS else -1
    found = []
    for bound in bounds:
        if bound.measure == "order_notional" and price is None:
            found.append(Check("limit", "unknown", f"{bound.name}: no price is known to value the order at."))
            continue
        value = {
            "order_qty": order.quantity,
            "order_notional": order.quantity * order.multiplier * (price or 0.0),
            "position": abs(bound.used + sign * order.quantity),
        }[bound.measure]
        # What makes a position smaller is let through, however large it still is.
        eases = bound.measure == "position" and value < abs(bound.used)
        if value > bound.value and not eases:
            outcome: Outcome = "block" if bound.hard else "warn"
            text = f"{bound.name}: {value:,.0f} would be above the limit of {bound.value:,.0f}."
            found.append(Check("limit", outcome, text, value, bound.value))
        elif bound.warn_at is not None and value >= bound.warn_at and not eases:
            text = f"{bound.name}: {value:,.0f} would be near the limit of {bound.value:,.0f}."
            found.append(Check("limit", "warn", text, value, bound.value))
        else:
            found.append(Check("limit", "pass", f"{bound.name}: within the limit.", value, bound.value))
    return tuple(found) or (Check("limit", "pass", "No limit binds this order."),)


def _lists(listings: Sequence[Listing]) -> Check:
    if not listings:
        return Check("list", "pass", "The instrument is not restricted.")
    names = ", ".join(sorted({one.instrument_id for one in listings}))
    return Check("list", "block", f"Trading is restricted: {names}.")


def _clearance(order: Proposed, found: Clearance) -> Check:
    name = "preclearance"
    if not found.needed:
        return Check(name, "pass", "The account needs no approval beforehand.")
    if not found.approved:
        return Check(name, "block", "No approval covers this trade now: ask for one first.")
    if found.left is not None and order.quantity > found.left + _EPS:
        text = f"The approval has {found.left:,.0f} left."
        return Check(name, "block", text, order.quantity, found.left)
    return Check(name, "pass", "An approval covers the trade.", order.quantity, found.left)


def _party(*, blocked: bool) -> Check:
    # Why is not for the desk to know: it may be told to nobody whom it concerns.
    if blocked:
        return Check("party", "block", "The account is closed to trading. Ask compliance.")
    return Check("party", "pass", "The account is open to trading.")


def _duplicates(order: Proposed, sent: Sequence[Sent], rules: Rules) -> Check:
    same = sum(
        (one.account_id, one.instrument_id, one.side, one.quantity, one.price)
        == (order.account_id, order.instrument_id, order.side, order.quantity, order.price)
        and timedelta(0) <= order.at - one.at <= rules.repeat_window
        for one in sent
    )
    if same + 1 >= rules.repeats:
        text = (
            f"The same order was sent {same} times within {rules.repeat_window.total_seconds():g} s before."
        )
        return Check("duplicate", "block", text, float(same + 1), float(rules.repeats))
    return Check("duplicate", "pass", "No repetition.", float(same + 1), float(rules.repeats))
