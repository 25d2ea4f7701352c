"""Look-alikes of stop triggering: the market fell by itself, a stranger sold, a maker bought, a stop of one's own."""

from app.demo.flow import Ticket
from app.demo.stage import MINUTE, SECOND, Stage
from app.demo.universe import TICK

NAME = "stop_triggering"
FAR = 8  # spreads from the market to the client's stop


def plant(stage: Stage) -> None:
    """Let five stops of clients go that nobody who knew of them pushed the price to."""
    play = stage.apart()
    for scene in (_after, _stranger, _maker, _own_stop, _small):
        scene(play)


def _fall(play: Stage, *, pieces: int = 5) -> tuple[tuple[int, int, int], Ticket, float]:
    """Lay a client's stop below the market and let the price fall to it within half a minute."""
    cell = session, instrument, start = play.lull()
    bid, ask = play.touch(session, instrument, start)
    far = FAR * max(ask - bid, TICK)
    cast, level = play.plan.cast, round(bid - far, 2)
    client = play.ticket(
        cast.client, session, instrument, "sell", play.lot(session, instrument, 3e5), trader=cast.insider,
        stop=level, received=start - 16 * MINUTE,
    ).enter(start - 15 * MINUTE)  # fmt: skip
    for piece in range(1, pieces + 1):
        play.push(session, instrument, start + 6 * piece * SECOND, -far / bid * piece / pieces)
    went = start + 31 * SECOND
    client.trigger(went).fill(went + 3_000, play.touch(session, instrument, went)[0])
    play.push(session, instrument, start + 8 * MINUTE, 0.0)
    return cell, client, level


def _sell(
    play: Stage, cell: tuple[int, int, int], account: str, *, after: float, size: float = 4,
    trader: str | None = None, price: float | None = None, liquidity: str = "taker", stop: float | None = None,
) -> Ticket:  # fmt: skip
    session, instrument, start = cell
    time = start + int(after * SECOND)
    given = {"trader": trader} if trader else {}
    quantity = max(10, int(size * play.shown(session, instrument, start, "sell") / 10) * 10)
    paid = price or play.touch(session, instrument, time)[0]
    entered = start - 10 * MINUTE if stop else time - 4_000
    order = play.ticket(
        account, session, instrument, "sell", quantity, limit=None if stop else paid, stop=stop, **given
    )
    order.enter(entered)
    if stop:
        order.trigger(time)
    return order.fill(time + 2_000, paid, liquidity=liquidity)


def _after(play: Stage) -> None:
    cell, client, _ = _fall(play)
    cast = play.plan.cast
    own = _sell(play, cell, cast.house[0], after=33, trader=cast.insider)
    play.mark(NAME, [client, own], abuse=False, note="the client's trader sold when the stop had gone")


def _stranger(play: Stage) -> None:
    cell, client, level = _fall(play)
    account = play.plan.cast.house[1]
    sold = [_sell(play, cell, account, after=6 * n + 0.5) for n in range(1, 5)]
    sold.append(_sell(play, cell, account, after=30.5, price=level))
    play.mark(NAME, [client, *sold], abuse=False, note="a seller of another desk, who knew of no stop")


def _maker(play: Stage) -> None:
    cell, client, level = _fall(play)
    account = play.plan.cast.maker
    quotes = [_sell(play, cell, account, after=6 * n + 0.5, liquidity="maker") for n in range(1, 5)]
    quotes.append(_sell(play, cell, account, after=30.5, price=level, liquidity="maker"))
    play.mark(NAME, [client, *quotes], abuse=False, note="a maker whose offers were taken on the way down")


def _own_stop(play: Stage) -> None:
    cell, client, level = _fall(play)
    cast = play.plan.cast
    own = _sell(play, cell, cast.house[0], after=30.5, trader=cast.insider, price=level, stop=level)
    play.mark(NAME, [client, own], abuse=False, note="the trader's own stop lay at the same price")


def _small(play: Stage) -> None:
    cell, client, level = _fall(play)
    cast = play.plan.cast
    own = _sell(play, cell, cast.personal, after=29, trader=cast.insider, size=0.3, price=level)
    play.mark(NAME, [client, own], abuse=False, note="less than was shown, in a market that fell anyway")
