"""The thresholds that unusual gains are held against."""

from dataclasses import dataclass

from analytics.compliance.parameters import Parameters, parameter


@dataclass(frozen=True)
class UnusualPnlParameters(Parameters):
    """How unusual, against what, and from how much."""

    risk: float = parameter(
        1.5,
        unit="times the risk taken",
        low=0.1,
        high=50,
        rationale="Within a day names go half their usual way; being right by chance comes to half of one.",
    )
    own: float = parameter(
        3.0,
        unit="standard deviations",
        low=1,
        high=50,
        rationale="Days have fat tails even in this measure: alone three are not rare, in several names at once they are.",
    )
    peers: float = parameter(
        1.25,
        unit="robust standard deviations",
        low=0,
        high=50,
        rationale="A day that moves everybody singles out nobody.",
    )
    half_life: int = parameter(
        60, unit="days with trades", low=5, high=500, rationale="A weighted memory of about 120 days."
    )
    history: int = parameter(
        30, unit="days with trades", low=10, high=500, rationale="Fewer say nothing of what is usual."
    )
    fellows: int = parameter(
        5, unit="accounts", low=3, high=100, rationale="Peers on the same day; with fewer they are not asked."
    )
    names: float = parameter(
        3.0,
        unit="instruments of equal weight",
        low=1,
        high=100,
        rationale="One name that ran is luck; the gain must come from several at once.",
    )
    money: float = parameter(
        25_000.0,
        unit="currency",
        low=0,
        high=1e9,
        rationale="Small books have large deviations and small harm.",
    )
    off_market: float = parameter(
        5.0,
        unit="quoted spreads better than any mid",
        low=0.5,
        high=100,
        rationale="Whoever waits gains a spread or two; five are given by somebody.",
    )
    off_sigmas: float = parameter(
        4.0,
        unit="standard deviations of the move between two quotes",
        low=0,
        high=20,
        rationale="Where quotes are far apart the price may have been there in between.",
    )
    off_money: float = parameter(
        10_000.0, unit="currency", low=0, high=1e9, rationale="Odd prices of odd lots are nobody's gain."
    )
    late: float = parameter(
        4.0, unit="hours", low=0.1, high=720, rationale="What comes in after the rest of the day by half a session."
    )  # fmt: skip
    late_share: float = parameter(
        0.2,
        unit="fraction of the day's trades",
        low=0.001,
        high=1.0,
        rationale="Where more than a fifth is late, a feed was late.",
    )
    late_money: float = parameter(
        10_000.0,
        unit="currency",
        low=0,
        high=1e9,
        rationale="Gained or lost by the close: a late trade that made neither hides nothing.",
    )
    reversed_money: float = parameter(
        10_000.0, unit="currency", low=0, high=1e9, rationale="Corrections of pennies are housekeeping."
    )
    reversed_usual: float = parameter(
        3.0,
        unit="times the usual day's gain or loss",
        low=0,
        high=100,
        rationale="A change of what a few ordinary days make moves the record.",
    )
    recent: int = parameter(20, unit="days with trades", low=5, high=250, rationale="A month.")
    record: int = parameter(
        40, unit="earlier days with trades", low=10, high=1000, rationale="Two months make a record."
    )
    jump: float = parameter(
        4.0,
        unit="standard errors of the difference",
        low=1,
        high=50,
        rationale="Looked at every day for every account: four are not chance.",
    )
    sharpe: float = parameter(
        4.0,
        unit="Sharpe ratio, a year",
        low=0,
        high=100,
        rationale="Coming back from a bad time is no wonder; beyond four few come honestly.",
    )
    jump_money: float = parameter(
        25_000.0, unit="currency", low=0, high=1e9, rationale="Over the recent days together."
    )
    shock: float = parameter(
        3.0,
        unit="standard deviations beyond the market's move",
        low=1,
        high=20,
        rationale="What only news does to one name.",
    )
    least_move: float = parameter(
        0.02,
        unit="fraction of the price",
        low=0.001,
        high=1.0,
        rationale="A jump worth knowing of beforehand.",
    )
    met: float = parameter(
        0.25,
        unit="fraction of the move on all that was traded",
        low=0,
        high=1,
        rationale="Who came after the jump, or on both sides, gained little of it.",
    )
    shocks: int = parameter(
        5, unit="days with a jump that was met", low=2, high=100, rationale="Once or twice is luck."
    )
    shock_q: float = parameter(
        0.001,
        unit="false discovery rate",
        low=1e-9,
        high=0.2,
        rationale="An accusation: one in a thousand, after allowing for the number of accounts looked at.",
    )
