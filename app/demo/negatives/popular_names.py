"""Look-alikes of pump and dump: real news, a joke that goes round, a holder who sells a little."""

from app.demo.stage import MINUTE, Stage
from app.demo.universe import SYMBOLS

NAME = "pump_and_dump"
_IDLE = (
    "{} walked into a bar and ordered growth", "My cat sat on the keyboard and bought {}", "Why is {} in my feed all day?",
    "Grandma asks what {} even makes", "Shop visit: long queue, friendly staff, no idea about {} shares",
    "Named my goldfish {} because it goes round in circles", "What did I miss about {} this morning?",
    "Old joke, new ticker: {} and the two economists", "Nobody at the party could spell {}",
    "Advert of the year goes to {}, brilliant soundtrack", "I confuse {} with my dentist's name",
    "Crossword, seven down: {} without vowels", "Weekend poll: {} logo, love it or hate it?", "The {} parking lot is a maze",
)  # fmt: skip


def plant(stage: Stage) -> None:
    """Have a name talked about for a reason, for none, and while somebody merely trims."""
    _after_results(stage)
    _joke(stage)
    _trim(stage)


def _crowd(
    stage: Stage, session: int, instrument: int, start: int, lines: tuple[str, ...]
) -> tuple[str, ...]:
    time, posts = start, []
    for turn in range(14):
        time += int(stage.rng.uniform(2, 14) * MINUTE)
        text = lines[turn % len(lines)].format("$" + SYMBOLS[instrument])
        posts.append(stage.post(time, f"reader{session}{turn:02d}{instrument}", text, instrument))
    return tuple(posts)


def _after_results(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.house[1]
    time = stage.moment(session, 0.08)
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 40_000)
    buy = (
        stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time).fill(time + 3_000, ask)
    )
    stage.report(session, time + 20 * MINUTE, instrument)
    lines = ("What is behind the move in {} today?", "Everybody talks about {} since the story", "Reading the {} story for the second time",
             "{} on every screen this morning", "Is the {} story in the price already?")  # fmt: skip
    posts = _crowd(stage, session, instrument, time + 25 * MINUTE, lines)
    out = stage.moment(session, 0.9)
    bid, _ = stage.touch(session, instrument, out)
    sell = (
        stage.ticket(account, session, instrument, "sell", size, limit=bid).enter(out).fill(out + 3_000, bid)
    )
    stage.mark(NAME, [buy, sell], abuse=False, posts=posts, note="everybody talks about real news")


def _joke(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    time = stage.moment(session, 0.2)
    posts = _crowd(stage, session, instrument, time, _IDLE)
    stage.mark(NAME, [], abuse=False, posts=posts, instruments=(instrument,), span=(time, time + 3 * 60 * MINUTE),
               note="a joke nobody trades on")  # fmt: skip


def _trim(stage: Stage) -> None:
    session = stage.session()
    instrument = stage.name(session)
    account = stage.plan.cast.unrelated[0]
    time = stage.moment(session, 0.05)
    _, ask = stage.touch(session, instrument, time)
    size = stage.lot(session, instrument, 300_000)
    buy = (
        stage.ticket(account, session, instrument, "buy", size, limit=ask).enter(time).fill(time + 3_000, ask)
    )
    posts = _crowd(stage, session, instrument, time + 30 * MINUTE, _IDLE)
    out = stage.moment(session, 0.85)
    bid, _ = stage.touch(session, instrument, out)
    part = max(10, size // 100 * 10)
    sell = (
        stage.ticket(account, session, instrument, "sell", part, limit=bid).enter(out).fill(out + 3_000, bid)
    )
    stage.mark(NAME, [buy, sell], abuse=False, posts=posts, note="a holder sells a tenth")
