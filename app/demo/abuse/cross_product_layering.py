"""Cross-product layering: layers in one stock, the fill in another that moves with it."""

from app.demo.stage import SECOND, Stage
from app.demo.universe import INDEX, TICK

NAME = "cross_product_layering"
_PAIRS = (("CVX", "XOM"), ("BAC", "JPM"))


def plant(stage: Stage, severity: float) -> None:
    """Show sell layers in one, buy the other, pull the layers; more and larger with ``severity``."""
    rng = stage.rng
    session, shown, wanted = related(stage)
    account = stage.plan.cast.house[1]
    size = stage.lot(session, wanted, 40_000)
    time = stage.moment(session, float(rng.uniform(0.1, 0.5)))
    tickets = []
    for _ in range(3 + round(3 * severity)):
        _, ask = stage.touch(session, shown, time)
        bid, _ = stage.touch(session, wanted, time)
        each = stage.lot(session, shown, 40_000 * (2 + 6 * severity))
        layers = [
            stage.ticket(
                account, session, shown, "sell_short", each, limit=round(ask + level * TICK, 2)
            ).enter(time + level * 80_000)
            for level in range(2 + round(4 * severity))
        ]
        dwell = int((0.5 + 6 * (1 - severity)) * SECOND)
        buy = stage.ticket(account, session, wanted, "buy", size, limit=bid).enter(time + SECOND)
        buy.fill(time + SECOND + dwell, bid, liquidity="maker")
        gone = time + SECOND + dwell + int(rng.uniform(0.1, 0.4 + 4 * (1 - severity)) * SECOND)
        for step, layer in enumerate(layers):
            layer.cancel(gone + step * 12_000)
        tickets += [*layers, buy]
        time = gone + int(rng.uniform(20, 240) * SECOND)
    stage.mark(NAME, tickets, abuse=True, severity=severity)


def related(stage: Stage) -> tuple[int, int, int]:
    """Pick a session and two stocks, on no list that day, whose prices move together."""
    session = stage.session()
    pairs = [(INDEX[a], INDEX[b]) for a, b in _PAIRS]
    free = [pair for pair in pairs if not stage.closed[session, list(pair)].any()] or pairs[:1]
    first, second = free[int(stage.rng.integers(0, len(free)))]
    return (session, first, second) if stage.rng.random() < 0.5 else (session, second, first)
