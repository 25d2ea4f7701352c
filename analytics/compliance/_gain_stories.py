"""What an alert on an unusual gain says, one teller a kind."""

from collections.abc import Callable, Mapping
from typing import Any

from analytics.compliance._gain_rules import UnusualPnlParameters
from analytics.compliance._grades import blend, grade, who
from analytics.compliance.alerts import Metric, Told

_LOOK = "Suspected only: check marks and late bookings first, then what was known when."


def _actors(episode: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("account", one) for one in episode["accounts"]] + [("trader", one) for one in episode["traders"]]


def _made(episode: Mapping[str, Any], score: float, metrics: list[Metric], story: list[str]) -> Told:
    return Told(
        score=score,
        metrics=metrics,
        story=story,
        actors=_actors(episode),
        order_ids=episode["order_ids"],
        exec_ids=episode["exec_ids"],
    )


def _fills(count: int) -> str:
    return "one fill" if count == 1 else f"{count} fills"


def tell_day(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade both comparisons of a day and the share of trades that won."""
    score = blend(
        45.0,
        (30, grade(episode["edge"], params.risk, 2.5 * params.risk)),
        (20, grade(episode["z"], params.own, 4 * params.own)),
        (30, grade(episode["beyond_peers"], params.peers, 5 * params.peers)),
        (20, grade(episode["won"], 0.5, 1.0)),
    )
    metrics = [
        Metric("gain", episode["gain"], params.money, "currency"),
        Metric("gain_to_risk", episode["edge"], params.risk, "times the risk taken"),
        Metric("own_deviations", episode["z"], params.own, "standard deviations"),
        Metric("peer_deviations", episode["beyond_peers"], params.peers, "robust standard deviations"),
        Metric("spread_over", episode["spread_over"], params.names, "instruments of equal weight"),
        Metric("won", episode["won"], None, "fraction of trades"),
    ]
    accounts = episode["accounts"]
    story = [
        (
            f"On {episode['day']:%Y-%m-%d}, what account{'s' * (len(accounts) > 1)} {', '.join(accounts[:5])} traded "
            f"({episode['notional']:,.0f} in {episode['names']} names) was worth {episode['gain']:,.0f} more at the "
            "close than was paid."
        ),
        f"The usual moves of those names put {episode['risk']:,.0f} at risk: the gain is {episode['edge']:.1f} times that.",
        (
            f"Over {episode['before']} earlier days with trades the mean of that ratio was {episode['usual']:.2f} and its "
            f"deviation {episode['spread']:.2f}: {episode['z']:.1f} deviations."
        ),
    ]
    if episode["beyond_peers"] is not None:
        story.append(
            f"Against the other accounts' same day it stands {episode['beyond_peers']:.1f} robust deviations apart."
        )
    story += [
        f"{episode['won']:.0%} of the trades gained; most was made in {episode['instrument_id']}.",
        _LOOK,
    ]
    return _made(episode, score, metrics, story)


def tell_price(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade how far from the market, and what it was worth."""
    score = blend(
        50.0,
        (60, grade(episode["spreads"], params.off_market, 10 * params.off_market)),
        (40, grade(episode["gain"], params.off_money, 50 * params.off_money + 1)),
    )
    metrics = [
        Metric("spreads_off", episode["spreads"], params.off_market, "quoted spreads"),
        Metric("gain", episode["gain"], params.off_money, "currency"),
        Metric("fills", float(episode["count"]), None, "fills"),
    ]
    story = [
        (
            f"On {episode['day']:%Y-%m-%d} at {episode['window_start']:%H:%M:%S} UTC, {who(episode['accounts'])} had "
            f"{_fills(episode['count'])} in {episode['instrument_id']} at prices better than the market's."
        ),
        (
            f"The best beat the mid before and the mid after it by {episode['spreads']:.1f} quoted spreads; against the "
            f"nearer mid the gain is {episode['gain']:,.0f}."
        ),
        "Suspected only: ask who stood on the other side, and whether the price was agreed or mistyped.",
    ]
    return _made(episode, score, metrics, story)


def tell_late(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade the delay and what was at stake."""
    gain = abs(episode["gain"])
    score = blend(
        50.0,
        (50, grade(episode["hours"], params.late, 20 * params.late)),
        (50, grade(gain, params.late_money, 20 * params.late_money + 1)),
    )
    metrics = [
        Metric("hours_late", episode["hours"], params.late, "hours"),
        Metric("gain", episode["gain"], params.late_money, "currency"),
        Metric("trades", float(episode["count"]), None, "trades"),
    ]
    won = "gained" if episode["gain"] >= 0 else "lost"
    story = [
        (
            f"{_fills(episode['count']).capitalize()} of {who(episode['accounts'])} of {episode['day']:%Y-%m-%d} came in up "
            f"to {episode['hours']:,.1f} hours after they happened, when the rest of that day had long been booked."
        ),
        f"By the close of their day they had {won} {gain:,.0f}: how they did was known when they were booked.",
        "Suspected only: ask why booking had to wait, and compare the time stamps of the other side.",
    ]
    return _made(episode, score, metrics, story)


def tell_change(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade how much was changed, against the usual, and how late."""
    change, usual = abs(episode["change"]), episode["usual"] or 0.0
    floor = max(params.reversed_money, params.reversed_usual * usual)
    score = blend(
        50.0,
        (70, grade(change, floor, 10 * floor + 1)),
        (30, grade(float(episode["days"]), 0.0, 5.0)),
    )
    metrics = [
        Metric("change", episode["change"], floor, "currency"),
        Metric("gain_before", episode["gain"], None, "currency"),
        Metric("usual_day", usual, None, "currency"),
        Metric("days_later", float(episode["days"]), None, "days"),
    ]
    way = "better" if episode["change"] > 0 else "worse"
    story = [
        (
            f"Trades of {who(episode['accounts'])} of {episode['day']:%Y-%m-%d} were corrected or cancelled up to "
            f"{episode['days']} days later: {episode['count']} in all."
        ),
        (
            f"At the close of their day they had made {episode['gain']:+,.0f}; as they stand now, {change:,.0f} {way}. "
            f"A usual day of this group makes or loses {usual:,.0f}."
        ),
        "Suspected only: ask who asked for the change, who agreed, and what was reported in between.",
    ]
    return _made(episode, score, metrics, story)


def tell_record(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade how far the recent record is from the earlier one."""
    score = blend(
        45.0,
        (60, grade(episode["z"], params.jump, 2.5 * params.jump)),
        (40, grade(episode["sharpe"], params.sharpe, 6 * params.sharpe + 1)),
    )
    metrics = [
        Metric("sharpe", episode["sharpe"], params.sharpe, "a year"),
        Metric("sharpe_before", episode["earlier"], None, "a year"),
        Metric("standard_errors", episode["z"], params.jump, "standard errors of the difference"),
        Metric("gain", episode["gain"], params.jump_money, "currency"),
    ]
    story = [
        (
            f"Up to {episode['day']:%Y-%m-%d}, the last {params.recent} days with trades of {who(episode['accounts'])} made "
            f"{episode['gain']:,.0f} with a Sharpe ratio of {episode['sharpe']:.1f} a year."
        ),
        (
            f"On all days before it was {episode['earlier']:.1f}: the difference is {episode['z']:.1f} of its standard errors, "
            "more than that of the other accounts."
        ),
        "Suspected only: ask what changed in strategy, limits or marks before asking what was known.",
    ]
    return _made(episode, score, metrics, story)


def tell_shocks(episode: Mapping[str, Any], params: UnusualPnlParameters) -> Told:
    """Grade how unlikely it is, and the share of jumps met."""
    rate = episode["hits"] / episode["jumps"]
    score = blend(
        50.0,
        (60, grade(rate, episode["base"], 1.0)),
        (40, grade(-episode["q"], -params.shock_q, 0.0)),
    )
    metrics = [
        Metric("jumps_met", float(episode["hits"]), float(params.shocks), "jumps"),
        Metric("hit_rate", rate, episode["base"], "fraction of jumps"),
        Metric("q", episode["q"], params.shock_q, "false discovery rate"),
        Metric("gain", episode["gain"], None, "currency"),
    ]
    story = [
        (
            f"From {episode['since']:%Y-%m-%d} to {episode['day']:%Y-%m-%d}, {who(episode['accounts'])} stood on the right "
            f"side of {episode['hits']} of {episode['jumps']} price jumps in the names it trades, by trades of the same "
            "session or the one before."
        ),
        (
            f"Of ordinary days it meets {episode['base']:.1%}; chance would do as well with a false discovery rate of "
            f"{episode['q']:.2g}. The jumps brought {episode['gain']:,.0f}."
        ),
        "Suspected only: compare with the times at which the news behind the jumps was public.",
    ]
    return _made(episode, score, metrics, story)


TELLERS: dict[str, Callable[[Mapping[str, Any], UnusualPnlParameters], Told]] = {
    "day": tell_day,
    "off_market": tell_price,
    "late": tell_late,
    "reversed": tell_change,
    "record": tell_record,
    "shocks": tell_shocks,
}
