"""A firm of one account that holds three classes over four days, against a benchmark with weights."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

START = date(2026, 11, 16)  # a Monday
DAYS = [START + timedelta(days=n) for n in range(5)]
NAMES = ("bond", "commodity", "equity")
# Four days of three classes: bonds leave the benchmark, commodities enter the portfolio only.
WP = [(0.4, 0.0, 0.6), (0.0, 0.5, 0.5), (0.2, 0.1, 0.7), (0.25, 0.25, 0.5)]
WB = [(0.5, 0.0, 0.5), (0.4, 0.0, 0.6), (0.0, 0.0, 1.0), (0.25, 0.25, 0.5)]
# Every class is two instruments, one held and one of the benchmark.
RP = [(0.01, 0.02, 0.05), (0.03, 0.03, -0.08), (0.01, -0.12, 0.02), (0.0, 0.2, 0.10)]
RB = [(0.015, 0.01, 0.04), (0.02, 0.01, -0.05), (0.02, 0.01, 0.03), (0.0, 0.1, 0.07)]


def courses(returns) -> np.ndarray:
    return 100 * np.cumprod(np.vstack([np.ones(3), 1 + np.array(returns)]), axis=0).round(12)


def tables(*, commission: float = 0.0, level: bool = True) -> dict[str, str]:
    mine, theirs = courses(RP), courses(RB)
    prices = [f"P-{n} {d} {mine[t][k]:.12f} USD" for t, d in enumerate(DAYS) for k, n in enumerate(NAMES)]
    prices += [f"B-{n} {d} {theirs[t][k]:.12f} USD" for t, d in enumerate(DAYS) for k, n in enumerate(NAMES)]
    # Dealing at the close for the weights of the next day: nothing is earned by it.
    value, held, fills = Decimal(1_000_000), [Decimal(0)] * 3, []
    for t, day in enumerate(DAYS[:-1]):
        px = [Decimal(f"{mine[t][k]:.12f}") for k in range(3)]
        value = value if t == 0 else sum(h * p for h, p in zip(held, px, strict=True))
        for k, name in enumerate(NAMES):
            wanted = (Decimal(str(WP[t][k])) * value / px[k]).quantize(Decimal("1e-9"))
            change, held[k] = wanted - held[k], wanted
            if change:
                side = "buy" if change > 0 else "sell"
                fills.append(
                    f"E{t}{k} O{t}{k} A1 P-{name} {side} {abs(change)} {px[k]} USD {day}T20:59:00 {commission}"
                )
    growth, levels = Decimal(1000), []
    for t, day in enumerate(DAYS):
        weights = WB[t] if t < 4 else WB[3]
        if t:
            moved = sum(w * (theirs[t][k] / theirs[t - 1][k] - 1) for k, w in enumerate(WB[t - 1]))
            growth *= 1 + Decimal(moved)
        text = "{" + ",".join(f'"B-{n}":{w}' for n, w in zip(NAMES, weights, strict=True) if w) + "}"
        levels.append(f"MIX {day} {round(growth, 10) if level else '-'} {text}")
    return {
        "accounts": "account_id name kind base_currency desk benchmark_id\nA1 One house USD D1 SPX\nA2 Two house USD D2 SPX\n",
        "instruments": "instrument_id symbol name asset_class currency sector\n"
        + "\n".join(f"{s}-{n} {s}{n} {s} equity USD {n}" for s in "PB" for n in NAMES),
        "prices": "instrument_id date close currency\n" + "\n".join(prices),
        "executions": "exec_id order_id account_id instrument_id side last_qty last_px currency transact_time commission\n"
        + "\n".join(fills),
        "cash_flows": f"account_id flow_id date kind amount currency\nA1 F1 {DAYS[0]} deposit 1000000 USD\n",
        "benchmarks": "benchmark_id date level weights\n"
        + "\n".join(levels)
        + "".join(f"\nSPX {day} {1000 + n} -" for n, day in enumerate(DAYS)),
    }  # fmt: skip
