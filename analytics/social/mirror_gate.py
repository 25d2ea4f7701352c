"""Whether a paper account may take an idea, and how much of it: the gate before every mirrored idea."""

from dataclasses import dataclass
from typing import Literal

Name = Literal["list", "price", "stop", "size", "loss", "liquidity"]


@dataclass(frozen=True)
class Bounds:
    """What a mirror may do. Shares are fractions of the capital, of the usual daily volume for ``adv_share``."""

    capital: float
    weight: float
    max_loss: float
    adv_share: float


@dataclass(frozen=True)
class Asked:
    """What is known at the moment an idea was sealed. Money and prices in one currency; null = not known."""

    direction: str  # long or short
    price: float | None  # last close
    stop: float | None
    adv: float | None  # shares a day
    closed: bool  # the instrument is on a list that binds the mirror's owner
    invested: float = 0.0  # notional of what the mirror holds
    at_risk: float = 0.0  # what it would lose if all it holds were stopped now
    lost: float = 0.0  # what it has lost so far, net of costs; negative = it has won


@dataclass(frozen=True)
class Check:
    """One bound: whether it holds, in words, with the number and its limit."""

    name: Name
    holds: bool
    reason: str
    value: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Taken with a size, or refused with the first reason. Quantity, notional and risk are null if refused."""

    accepted: bool
    reason: str
    checks: tuple[Check, ...]
    quantity: float | None = None
    notional: float | None = None
    at_risk: float | None = None


def judge(bounds: Bounds, asked: Asked) -> Verdict:
    """Return what the gate says to an idea.

    An idea is taken with ``weight`` of the capital in whole units, or not at all: the size is never cut to fit, so
    that the mirror is the author's record and not the gate's. What cannot be judged is refused.

    Raises:
        ValueError: If a bound is not above zero.
    """
    if min(bounds.capital, bounds.weight, bounds.max_loss, bounds.adv_share) <= 0:
        raise ValueError("every bound of a mirror must be above zero")
    checks = [
        Check("list", not asked.closed, "Trading is restricted." if asked.closed else "Not restricted.")
    ]
    price = asked.price
    if price is None or price <= 0:
        return _refused([*checks, Check("price", holds=False, reason="No price is known.")])
    checks.append(Check("price", holds=True, reason="The last close is known.", value=price))
    sign = 1 if asked.direction == "long" else -1
    if asked.stop is None or sign * (price - asked.stop) <= 0:
        words = "The idea has no stop" if asked.stop is None else "The price is at or beyond the stop"
        return _refused([*checks, Check("stop", holds=False, reason=f"{words}: its loss has no bound.")])
    checks.append(Check("stop", holds=True, reason="A stop bounds the loss.", value=asked.stop))
    quantity = float(int(bounds.weight * bounds.capital / price))
    notional = quantity * price
    risk = quantity * sign * (price - asked.stop)
    checks += [_size(bounds, asked, quantity, notional), _loss(bounds, asked, risk)]
    checks.append(_liquidity(bounds, asked, quantity))
    if not all(check.holds for check in checks):
        return _refused(checks)
    return Verdict(
        accepted=True,
        reason="Taken.",
        checks=tuple(checks),
        quantity=quantity,
        notional=notional,
        at_risk=risk,
    )


def _refused(checks: list[Check]) -> Verdict:
    first = next(check for check in checks if not check.holds)
    return Verdict(accepted=False, reason=first.reason, checks=tuple(checks))


def _size(bounds: Bounds, asked: Asked, quantity: float, notional: float) -> Check:
    if quantity < 1:
        return Check("size", holds=False, reason="One unit is more than an idea may take.", value=0.0)
    total = asked.invested + notional
    if total > bounds.capital:
        text = f"With it {total:,.0f} would be invested, of a capital of {bounds.capital:,.0f}."
        return Check("size", holds=False, reason=text, value=total, bound=bounds.capital)
    return Check("size", holds=True, reason="Within the capital.", value=total, bound=bounds.capital)


def _loss(bounds: Bounds, asked: Asked, risk: float) -> Check:
    bound = bounds.max_loss * bounds.capital
    worst = asked.lost + asked.at_risk + risk
    if worst > bound:
        text = f"Stopped out, it would have lost {worst:,.0f}; {bound:,.0f} is the most."
        return Check("loss", holds=False, reason=text, value=worst, bound=bound)
    return Check("loss", holds=True, reason="Within the largest loss.", value=worst, bound=bound)


def _liquidity(bounds: Bounds, asked: Asked, quantity: float) -> Check:
    if asked.adv is None or asked.adv <= 0:
        return Check("liquidity", holds=False, reason="Usual volume is not known.")
    share = quantity / asked.adv
    if share > bounds.adv_share:
        text = (
            f"{quantity:,.0f} would be {share:.1%} of usual daily volume; {bounds.adv_share:.1%} is the most."
        )
        return Check("liquidity", holds=False, reason=text, value=share, bound=bounds.adv_share)
    return Check("liquidity", holds=True, reason="Within usual volume.", value=share, bound=bounds.adv_share)
