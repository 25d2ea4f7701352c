"""Fat fingers: a limit far through the market, a quantity with digits too many, a stuck key."""

from app.demo.stage import SECOND, Stage

NAME = "fat_finger"


def plant(stage: Stage, severity: float) -> None:
    """Slip on the price when mild, on the key in between, on the quantity when severe."""
    rng = stage.rng
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, float(rng.uniform(0.2, 0.8)))
    account = stage.plan.cast.house[0]
    _, ask = stage.touch(session, instrument, time)
    quantity = stage.lot(session, instrument, 60_000)
    if severity < 0.4:
        # A digit mistyped when mildest, a decimal point otherwise.
        slip = float(rng.uniform(1.12, 1.3)) if rng.random() < 0.6 else 10.0
        order = stage.ticket(account, session, instrument, "buy", quantity, limit=round(ask * slip, 2))
        tickets = [order.enter(time).fill(time + 2_500, ask)]
        note = "limit far above the offer"
    elif severity < 0.8:
        tickets = [
            stage.ticket(account, session, instrument, "buy", quantity, limit=round(ask - 0.02, 2)).enter(
                time + press * 140_000
            )
            for press in range(5)
        ]
        for order in tickets:
            order.cancel(time + 12 * SECOND)
        note = "the same order five times within a second"
    else:
        many = int(0.25 * float(stage.market.adv[instrument]) / 100) * 100
        order = stage.ticket(account, session, instrument, "buy", many, limit=ask).enter(time)
        tickets = [order.reject(time + 4_000, reason="Above the limit for one order")]
        note = "shares taken for lots: a quarter of a day's volume"
    stage.mark(NAME, tickets, abuse=True, severity=severity, note=note)
