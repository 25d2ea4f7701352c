"""Look-alikes of cross-product layering: a hedge that is not needed any more, unrelated names, a pair left alone."""

from app.demo.abuse.cross_product_layering import related
from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import INDEX, TICK

NAME = "cross_product_layering"


def plant(stage: Stage) -> None:
    """Plant all three: the same numbers as the abuse, but for sign, pair, or what is pulled."""
    session, shown, filled = related(stage)
    _play(
        stage,
        (session, shown, filled),
        0.3,
        fill="sell_short",
        note="a hedge withdrawn once the other leg is sold",
    )
    session = stage.session()
    _play(
        stage,
        (session, INDEX["KO"], INDEX["AMD"]),
        0.5,
        fill="buy",
        note="the two names have nothing in common",
    )
    session, shown, filled = related(stage)
    _play(
        stage,
        (session, shown, filled),
        0.7,
        fill="buy",
        both=True,
        note="both sides of the quote were withdrawn",
    )


def _play(
    stage: Stage, where: tuple[int, int, int], fraction: float, *, fill: str, note: str, both: bool = False
) -> None:
    session, shown, filled = where
    account = stage.plan.cast.house[1]
    time = stage.moment(session, fraction)
    tickets = []
    for _ in range(4):
        bid, ask = stage.touch(session, shown, time)
        each = stage.lot(session, shown, 200_000)
        orders = [
            stage.ticket(
                account, session, shown, "sell_short", each, limit=round(ask + level * TICK, 2)
            ).enter(time + level * 70_000)
            for level in range(4)
        ]
        if both:
            orders += [
                stage.ticket(account, session, shown, "buy", each, limit=round(bid - level * TICK, 2)).enter(
                    time + level * 70_000 + 900
                )
                for level in range(4)
            ]
        low, high = stage.touch(session, filled, time)
        price = low if fill == "buy" else high
        done = stage.ticket(account, session, filled, fill, stage.lot(session, filled, 40_000), limit=price)
        done.enter(time + SECOND).fill(time + 3 * SECOND, price, liquidity="maker")
        for step, order in enumerate(orders):
            order.cancel(time + 3 * SECOND + 400_000 + step * 9_000)
        tickets += [*orders, done]
        time += 4 * MINUTE
    stage.mark(NAME, tickets, abuse=False, note=note)
