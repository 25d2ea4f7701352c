"""What people say in the demo: plain sentences by tone. ``{}`` takes a cashtag."""

POSITIVE = (
    "{} looks strong here, adding on any weakness",
    "Great margins and real growth at {}. I like it",
    "{} breaking out on good volume, bullish",
    "Upgraded my view on {}: demand is better than feared",
    "{} beat what I had pencilled in. Still cheap",
    "Long {}. Solid cash flow, improving guidance",
    "Buyers keep stepping in on {}, impressive recovery",
)
NEGATIVE = (
    "{} looks weak, selling into strength",
    "Margins at {} are getting worse. Avoid",
    "{} failing at resistance again, bearish",
    "Cut my view on {}: demand is slowing and the risk is underpriced",
    "{} disappointed on every line that matters. Still expensive",
    "Short {}. Poor cash flow and falling estimates",
    "Sellers are in control of {}, ugly price action",
)
NEUTRAL = (
    "Watching {} into the close",
    "Anybody else tracking the volume in {} today?",
    "{} unchanged versus the sector this week",
    "Rebalance flows in {} tomorrow, no view",
    "Reading up on {}, will post notes later",
    "{} spread was two ticks wide at the open",
)
REPLIES = (
    "Agree on {}",
    "Not convinced about {}, what is your source?",
    "What horizon do you have in mind for {}?",
    "Fair point on {}, thanks",
    "{} has been a trap before, careful",
)
CHAT = (
    "Where are we on {}? Client is asking for a fill by the close",
    "Half done in {}, spread is fine, carrying on passively",
    "Please slow down {} a little, we are a large part of the volume",
    "{} done, average looks good against arrival",
    "Can you check the limit on {} for me before I route more?",
    "Risk wants the hedge against {} in place before four",
    "Moving {} to the slower schedule, no news that I can see",
    "Borrow in {} is easy today",
    "Lunch?",
    "Who covers the open tomorrow?",
    "Thanks, all good",
    "The recap goes out at five, send me your lines",
)
HANDLES = (
    "tapewatcher", "valueviolet", "deltadan", "macro_mila", "chartcat", "slowmoney", "gammagus",
    "ledgerlou", "quietalpha", "spreadsue", "tickertom", "basisbea", "carrycarl", "openbell", "yieldyan",
    "factorfay", "rangerob", "bidwhacker", "sectorsia", "meanrevmo", "driftdee", "closecall", "vwapvera",
    "bookbuilder",
)  # fmt: skip
