"""Stop triggering: selling hard down to where a client's stop lies, and buying back from what follows."""

from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import TICK

NAME = "stop_triggering"
WAITS = 15 * MINUTE  # how long the client's stop has lain there


def plant(stage: Stage, severity: float) -> None:
    """Push the price to a client's stop and cover: larger, faster and at more gain as ``severity`` grows."""
    play = stage.apart()
    rng, cast = play.rng, play.plan.cast
    session, instrument, start = play.lull()
    sale = bool(rng.random() < 0.5)  # whether the client's stop sells, below the market
    way, side, back = (-1, "sell", "buy") if sale else (1, "buy", "sell")
    bid, ask = play.touch(session, instrument, start)
    spread = max(ask - bid, TICK)
    far = (4 + 8 * severity) * spread + way * (0 if sale else spread)
    level = round((bid if sale else ask) + way * far, 2)
    client = play.ticket(
        cast.client, session, instrument, side, play.lot(session, instrument, 4e5), trader=cast.insider,
        stop=level, received=start - WAITS - 5 * SECOND,
    ).enter(start - WAITS)  # fmt: skip
    account = cast.personal if rng.random() < 0.5 else cast.house[0]
    pieces = 3 + round(5 * severity)
    total = (3 + 9 * severity) * play.shown(session, instrument, start, side)
    lasts = (30 - 20 * severity) * SECOND
    time, tickets = start, []
    for piece in range(1, pieces + 1):
        time = start + int(lasts * piece / pieces)
        play.push(session, instrument, time, way * far / bid * piece / pieces)
        low, high = play.touch(session, instrument, time)
        price = level if piece == pieces else (low if sale else high)
        size = max(10, int(total / pieces / 10) * 10)
        order = play.ticket(account, session, instrument, side, size, limit=price, trader=cast.insider)
        tickets.append(order.enter(time - 4_000).fill(time + 2_000, price))
    went = time + int((8 - 6 * severity) * SECOND)
    play.push(session, instrument, went, way * far * (1.3 + severity) / bid)
    low, high = play.touch(session, instrument, went)
    client.trigger(went).fill(went + 3_000, low if sale else high)
    for piece in range(2):
        time = went + (20 + 40 * piece) * SECOND
        low, high = play.touch(session, instrument, time)
        price = high if sale else low
        size = sum(order.quantity for order in tickets) // 2
        order = play.ticket(account, session, instrument, back, size, limit=price, trader=cast.insider)
        tickets.append(order.enter(time - 4_000).fill(time + 2_000, price))
    play.push(session, instrument, went + 6 * MINUTE, 0.0)
    play.mark(NAME, [client, *tickets], abuse=True, severity=severity)
