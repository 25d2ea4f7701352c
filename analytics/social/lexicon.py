"""Words of the market and their tone: a compact list of our own, weights from -3 (bad) to 3 (good).

Written by hand from everyday market English; no published list was taken over. A word stands for its
usual inflections where they are listed; matching is on whole lower-case words.
"""

_GOOD = {
    3.0: "skyrocket skyrockets skyrocketed moon mooning multibagger blowout stellar breakthrough",
    2.5: "soar soars soared soaring surge surges surged surging bullish outperform outperforms rockets rocket "
    "crushed smashed smashes upgraded upgrade upgrades approves approved approval",
    2.0: "beat beats beating rally rallies rallied rallying jump jumps jumped jumping breakout profit profitable "
    "profits boom booming undervalued winner winners accumulate accumulating calls raised raises boosts boosted "
    "boost tops topped exceed exceeds exceeded record hike hiked uptrend strong stronger strongest strength gain "
    "gains gained gainer gainers wins win rebound rebounds rebounded",
    1.5: "buy buying bought long longs bull bulls higher climb climbs climbed climbing rise rises rising rose "
    "growth grow grows growing grew up upside support bounce bounced green great excellent love loving awesome "
    "nice happy optimistic positive confident confidence improves improved improving improvement expand expands "
    "expanding expansion dividend buyback repurchase overweight opportunity recover recovers recovered recovery "
    "advance advances advanced",
    1.0: "good well better best add adding added hold holding top high highs reward attractive solid healthy "
    "robust upbeat momentum breakeven partnership launch launches win-win cheap bargain like likes easing eases "
    "ready expects lifts lifted lift secures secured",
}
_BAD = {
    3.0: "crash crashes crashed crashing bankrupt bankruptcy collapse collapses collapsed fraud scam ponzi worthless "
    "default defaults defaulted insolvent",
    2.5: "plunge plunges plunged plunging plummet plummets plummeted tank tanks tanked tanking bearish underperform "
    "downgrade downgrades downgraded slump slumps slumped tumble tumbles tumbled tumbling disaster dumped dumping",
    2.0: "miss misses missed missing loss losses losing lost lose drop drops dropped dropping fall falls fell falling "
    "sink sinks sank sinking slide slides slid sliding selloff lawsuit sued sues probe investigation recall fined "
    "fine layoffs layoff overvalued bubble puts loser losers downtrend weak weaker weakest weakness slash slashed "
    "slashes halts halted cuts warning warns warned delisted slumping terrible awful horrible",
    1.5: "sell selling sold short shorts shorting bear bears lower decline declines declined declining down downside "
    "red bad worse worst dump cut resistance fear fears fearful worry worried worries concern concerns concerned "
    "risk risky volatile trouble debt negative disappoint disappoints disappointed disappointing disappointment "
    "delay delays delayed underweight recession inflation overbought crisis hurt hurts pain painful "
    "retreat retreats retreated shrinks shrinking slows slowed slowing slowdown struggles struggling",
    1.0: "avoid caution cautious uncertain uncertainty trap hate wrong ugly expensive low lows pressure headwinds "
    "dilution bagholder bagholders tariff tariffs ban banned virus outbreak coronavirus suspends suspended "
    "withdraws weigh weighs pulls exit exits dip dips dipped ease problem problems fails failed fail",
}
WORDS: dict[str, float] = {word: weight for weight, words in _GOOD.items() for word in words.split()}
WORDS |= {word: -weight for weight, words in _BAD.items() for word in words.split()}

PHRASES: dict[str, float] = {
    "all time high": 2.5, "to the moon": 3.0, "price target raised": 2.5, "pt raised": 2.5, "raises target": 2.5,
    "target raised": 2.5, "better than expected": 2.5, "worse than expected": -2.5, "price target cut": -2.5,
    "target cut": -2.5, "pt cut": -2.5, "pt lowered": -2.5, "target lowered": -2.5, "raises guidance": 2.5,
    "cuts guidance": -2.5, "short squeeze": 2.0, "death cross": -2.5, "golden cross": 2.5, "dead cat": -2.0,
    "buy the dip": 2.0, "sell the news": -1.5, "head and shoulders": -1.5, "going down": -2.0, "going up": 2.0,
    "stocks to watch": 0.0, "short term": 0.0, "long term": 0.0, "short interest": -0.5, "fear and greed": 0.0,
    "cup and handle": 2.0, "bull flag": 2.0, "bear flag": -2.0, "bull trap": -2.0, "bear trap": 1.5,
    "higher highs": 2.0, "lower lows": -2.0, "52 week high": 2.0, "52 week low": -2.0, "new high": 2.0,
    "new highs": 2.0, "new low": -2.0, "new lows": -2.0, "risk on": 1.0, "risk off": -1.0, "stand up": 0.0,
    "sold off": -2.0, "shut down": -2.0, "bid up": 1.5, "cut rates": 1.0, "rate cut": 1.0, "rate hike": -1.0,
    "follow up": 0.0, "sign up": 0.0, "set up": 0.5, "as well": 0.0, "well as": 0.0, "stop loss": 0.0,
    "high yield": 0.0, "earnings beat": 2.5, "earnings miss": -2.5, "tops estimates": 2.5, "misses estimates": -2.5,
}  # fmt: skip

EMOJI: dict[str, float] = {
    "🚀": 2.5, "🌙": 1.5, "📈": 2.0, "🐂": 2.0, "💎": 1.5, "🙌": 1.0, "🔥": 1.0, "💪": 1.5, "💰": 1.5, "🤑": 1.5,
    "🎉": 1.5, "✅": 1.0, "🟢": 1.5, "👍": 1.5, "😀": 1.0, "😂": 0.0, "🎯": 1.0, "📉": -2.0, "🐻": -2.0, "🩸": -2.0,
    "💀": -1.5, "😱": -1.5, "😭": -1.0, "🔻": -1.5, "🔴": -1.5, "👎": -1.5, "⚠": -1.0, "🚨": -0.5, "🤡": -1.5, "💩": -2.0,
}  # fmt: skip

NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nothing",
        "neither",
        "nor",
        "cannot",
        "cant",
        "can't",
        "don't",
        "dont",
        "doesn't",
        "doesnt",
        "didn't",
        "didnt",
        "isn't",
        "isnt",
        "wasn't",
        "wasnt",
        "won't",
        "wont",
        "wouldn't",
        "shouldn't",
        "couldn't",
        "ain't",
        "hardly",
        "barely",
        "without",
        "lack",
        "lacks",
        "lacking",
    ]
)
STRONGER: dict[str, float] = {
    "very": 1.3, "really": 1.25, "extremely": 1.5, "hugely": 1.5, "huge": 1.4, "massive": 1.5, "massively": 1.5,
    "big": 1.25, "much": 1.2, "so": 1.15, "super": 1.4, "insanely": 1.5, "sharply": 1.4, "strongly": 1.4,
    "absolutely": 1.4, "totally": 1.3, "most": 1.2, "deeply": 1.3, "heavily": 1.3, "highly": 1.3,
    "slightly": 0.6, "somewhat": 0.7, "bit": 0.7, "little": 0.7, "modestly": 0.7, "barely": 0.5, "marginally": 0.6,
    "fairly": 0.9, "kinda": 0.8, "mildly": 0.6, "almost": 0.8,
}  # fmt: skip

# Ticker symbols that are also words: they name an instrument only with a dollar sign in front.
AMBIGUOUS = frozenset(
    [
        "A",
        "AI",
        "ALL",
        "AM",
        "AN",
        "ANY",
        "ARE",
        "AT",
        "BAD",
        "BE",
        "BIG",
        "BEST",
        "BY",
        "CAN",
        "CAR",
        "CASH",
        "CEO",
        "CFO",
        "COST",
        "CUT",
        "DAY",
        "DD",
        "DO",
        "EAT",
        "EDIT",
        "ETF",
        "EVER",
        "FAST",
        "FOR",
        "FUN",
        "FUND",
        "GAIN",
        "GDP",
        "GO",
        "GOLD",
        "GOOD",
        "HAS",
        "HE",
        "HOPE",
        "HUGE",
        "I",
        "IPO",
        "IT",
        "KEY",
        "LIFE",
        "LOVE",
        "LOW",
        "MAIN",
        "MAN",
        "ME",
        "MOVE",
        "NEW",
        "NEXT",
        "NICE",
        "NO",
        "NOW",
        "OLD",
        "ON",
        "ONE",
        "OPEN",
        "OR",
        "OUT",
        "PAY",
        "PEAK",
        "PLAY",
        "POST",
        "PT",
        "REAL",
        "RIDE",
        "RUN",
        "SAFE",
        "SEE",
        "SO",
        "SPOT",
        "STAY",
        "TAP",
        "TECH",
        "THE",
        "TO",
        "TRUE",
        "TURN",
        "TWO",
        "U",
        "UK",
        "UP",
        "US",
        "USA",
        "VERY",
        "WELL",
        "WORK",
        "YOU",
    ]
)
