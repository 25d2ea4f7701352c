"""More lines to learn from, in words that the others do not use; never used to measure."""

BAD: dict[str, tuple[str, ...]] = {
    "collusion": (
        "you leave the sterling names to us, we leave the euro ones to you, everyone eats",
        "no price war please: nobody shows tighter than twelve bips on {s} and we all stay happy",
        "same as last month, i win this tender and you win the next one",
        "tell your boss the truce on {s} still stands, we quote identical",
    ),
    "mnpi": (
        "my flatmate is on the audit of {s}, the books are a mess, short it before they say so",
        "just walked out of the data room at {s}, the suitor pays thirty percent over market, fill your boots",
        "the lab results for {s} fail on thursday, my sister runs the trial, get rid of yours",
        "a whale is unloading {s} through us after lunch, sell ours beforehand",
    ),
    "secrecy": (
        "mum is the word on the {s} switch, the risk people would have a fit",
        "bin this thread once you have read it, i do not want it surfacing",
        "let us pretend this conversation about {s} did not take place",
        "do me a kindness and lose the recording from {t}",
    ),
    "channel_switch": (
        "grab me by the smoking area, walls have ears in here",
        "drop me a line on the other app, you know which",
        "i would rather discuss {s} over a pint than on this terminal",
        "use the burner, the turret is tapped",
    ),
    "guarantee": (
        "your capital is as safe as houses with {s}, i will personally top up any shortfall",
        "honestly {p} there is only one way this goes, you will thank me at twenty percent",
        "it is free cash: {s} pays out whatever happens and i stand behind it",
    ),
    "gifts": (
        "my wife loved the necklace, the {s} ticket is yours as usual",
        "steer the mandate to us and there is a week in the chalet in it for you",
        "two grand in the glove box if the {s} block comes my way",
        "centre court seats on friday, do not forget who gets the programme trade",
    ),
    "rumour": (
        "drip a bit of gossip about a profit warning at {s} into the message boards, we cover lower",
        "ring the hacks and hint that {s} lost its licence, all nonsense but it will bite",
        "have your followers shout about {s} all weekend, i am out on monday into them",
    ),
    "manipulation": (
        "flash a wall of bids under {s}, let them chase, then yank the lot",
        "nudge {s} over the barrier in the dying seconds, it triggers our payout",
        "swap the same {n} back and forth with {p} so that the screen looks alive",
        "lean on {s} until the snapshot at {t}, afterwards let it go",
        "dress up the month end mark on {s}, two prints at the high will do",
    ),
    "boast": (
        "charged the old boy double on {s}, he was none the wiser",
        "gave the pension guys the worst of it and pocketed the difference, lovely day",
        "they swallowed the markup whole, muppets",
    ),
}
GOOD: tuple[str, ...] = (
    "the tender for the new canteen was won by the second bidder", "no price war in the supermarkets this quarter, {s} margins held",
    "our quote on {s} was twelve bips, client went with a rival, fair enough", "the truce between the two printers on floor two is over",
    "my flatmate is on the audit committee of the tennis club", "data room for the {s} deal closes on friday, wall crossed staff only",
    "trial results of {s} were published this morning, stock down eight percent", "a large seller of {s} showed up in the closing auction print",
    "mum is visiting on thursday, i leave at {t}", "bin collection moved to tuesday", "the recording of the town hall is online",
    "smoking area is closed for repairs", "pint after work? {p} is buying", "the app for the cafeteria has an update",
    "burner on the stove in the kitchen is broken", "deposit insurance covers up to the legal limit, details on the site",
    "past returns are no promise, wording stays in the factsheet", "structured note on {s} is capital protected by the issuer, terms attached",
    "my wife loved the restaurant, thanks for the tip", "chalet booking for the ski club is due on friday", "centre court final at {t}, who watches?",
    "seats for the client seminar are assigned by events", "profit warning at {s} was announced at seven, sell side is cutting",
    "message boards are full of noise on {s}, ignore it", "journalist asked about {s}, sent him to the press office",
    "wall of offers in {s} at {n}, somebody real is selling", "barrier on the {s} note is at {n}, desk hedges as it gets near",
    "trade with {p} was booked twice, please cancel one", "snapshot for the index is at {t}, rebalance list attached",
    "month end marks for {s} come from the vendor, controller signed off", "charged the client the agreed fee, invoice is attached",
    "pension fund asked for the worst and best fill, see the report", "markup on the bond was disclosed in the confirmation",
    "the pension trustees meet at noon, bring the risk slides", "sold {n} {s} into the bid for the client, average {n}",
    "please get the fill on {s} before the close, client is waiting", "could not trade {s} before the news because of the wall, correct",
    "walls in the meeting room need paint", "who has the keys to the glove cabinet in the server room?", "whale watching trip photos are on the drive",
    "tell your boss the numbers are in the folder", "we lost the {s} mandate to a cheaper manager", "everyone eats at one today, pizza in the lobby",
    "risk people want the limit on {s} explained by {t}", "the hedge in {s} goes on after lunch as instructed", "please lose the old template, use the new one",
    "conversation with the regulator took place yesterday, minutes attached", "twenty percent of {s} is held by index funds",
)  # fmt: skip
