"""Lines the classifier is measured on: other templates, and ways of saying it that no taught line uses.

``PHRASES`` holds whole groups of wording (what people say, not only how it is spelled) left out of teaching.
None of these lines was taught, but their scores were seen while the features, the lexicon and the threshold
were settled, and taught lines were added in between: the figures are a guide, not a blind test.
"""

TEMPLATES: dict[str, tuple[str, ...]] = {
    "collusion": (
        "if you keep our quotes where they are in {s} i promise not to go lower",
        "shall we fix the price for the {s} tender, {p} is in as well",
        "buy {n} {s} from me at {t} and i give it back tomorrow, same price back",
    ),
    "mnpi": (
        "friend on the board of {s} tells me the deal gets signed tonight, not public yet",
        "heads up {p}, large buy coming in {s} from my client, get yours done before we start",
        "saw the numbers of {s} by accident, awful. selling mine ahead of the results",
    ),
    "secrecy": (
        "pls delete this msg after you read it",
        "K33p it quiet about the {s} account, {p} asks questions",
        "lets not write about {s} here, no paper trail",
    ),
    "channel_switch": (
        "cant talk here, c4ll my mobile re {s}",
        "ping me on whatsapp for the {s} level",
        "take it offline please, use the private phone",
    ),
    "guarantee": (
        "you can't lose with {s}, if it falls i make you whole",
        "client, this is risk free profit of {n}, guaranteed",
        "trust me {p}: {s} is a sure thing",
    ),
    "gifts": (
        "if the {s} block comes to me the weekend is on us, ski and all",
        "i take care of you if you send the flow in {s}",
        "got your envelope of cash ready {p}, thanks for the {s} order",
    ),
    "rumour": (
        "start a rumor that {s} loses its licence, i am short {n}",
        "lets talk the stock up on the boards and unload {s} after",
        "feed the forums something on {s} tonight",
    ),
    "manipulation": (
        "i need help to hold up the close in {s}, a few thousand at the bell",
        "we sp00f the offer in {s}, they drop the bid, you buy",
        "run the stps below {n}, trigger the stops and buy it back",
    ),
    "boast": (
        "client will never know that i filled {s} for us first",
        "haha dumped it on the client, {n} {s} at the high",
        "they have no idea how much we skimmed on {s}",
    ),
}
PHRASES: dict[str, tuple[str, ...]] = {
    "collusion": (
        "the usual club meets before the {s} tender, everybody knows his turn",
        "warehouse {n} {s} for me over the year end, i collect it in january at cost",
        "i refuse to quote {s} to them today so that you win it",
    ),
    "mnpi": (
        "a bird in the boardroom sings that {s} is for sale",
        "project oak is {s}, i printed the slides on the way out. buy calls",
        "my cousin audits {s}, the hole in the accounts is enormous",
    ),
    "secrecy": (
        "eat this note after reading",
        "let sleeping dogs lie on {s}, controllers need not be woken up",
        "use the code word for {s} from now on",
    ),
    "channel_switch": (
        "smoke break? easier to discuss {s} down there",
        "drop me a line at home about {s}, walls have ears here",
    ),
    "guarantee": (
        "if {s} is not up ten percent by june i eat the shortfall",
        "think of {s} as a savings book that pays twenty percent",
    ),
    "gifts": (
        "your mortgage could disappear if {s} is placed with us",
        "the golf membership is in your name as soon as the {s} ticket is in mine",
    ),
    "rumour": (
        "whisper to the blogs that {s} failed its audit, we profit when it sinks",
        "a little gossip about {s} would help our short",
    ),
    "manipulation": (
        "tickle the offer in {s} at half past so that the index option lands in the money",
        "phantom size on the ask of {s} keeps them away while we accumulate",
        "decorate the month end: lift {s} in the last seconds",
    ),
    "boast": (
        "milked the pension people on {s} once more",
        "slipped an extra cent into every {s} print, blind as bats over there",
    ),
}
GOOD: tuple[str, ...] = (
    "please send the fills of {s} when done", "client would like {n} {s} on close, moc is fine", "are you long or short {s} into the number?",
    "what did {s} do in the auction?", "i need {p} to sign the confirmation of {s}", "stopped out of {s}, loss is within the limit",
    "the delta hedge for {s} is done at {n}", "can we have a quote in {n} {s}, two way please", "lifted the offer in {s}, small", "market in {s} is wide, wait for the open",
    "compliance asks everybody to finish the market abuse course", "slides: examples of spoofing and how surveillance finds it", "please remember that promises of guaranteed profit breach the conduct rules",
    "personal account dealing form for {s} is approved until friday", "the gift from the broker was declined and logged", "regulator fines bank for whatsapp messages, see link",
    "recorded line only for orders please, thank you", "audit is here, keep all records", "the insider list for project oak was updated by the control room", "do you know if the policy allows signal for private chats?",
    "{s} reported: earnings above, outlook weak, down three percent", "rumours of a bid for {s} in the press, company denies", "broker upgrade on {s}, new target {n}", "merger of {s} completed on friday, ticker changes",
    "{s} guidance was cut last night, see the release", "the story on {s} in the paper is two days old", "volume in {s} is high because of the index change",
    "delete row seven in the sheet, it is a duplicate", "my phone is broken, mail me", "call the helpdesk, my mobile app does not sync", "keep the quotes sheet tidy please",
    "the cake is a secret, do not tell {p}", "football: we got robbed again", "tickets for the concert are sold out", "thanks for the lift home", "who left the envelope on my desk?",
    "can you cover for me at {t}, doctor", "parking permit expires tomorrow", "pull request is merged", "the close of the books is on the third", "hold the lift!",
    "we lost money on {s} this week, review on monday", "please push the meeting, i am on a call with the client", "two way price in {s} was given and traded, {n} done", "good morning all, quiet calendar today",
    "happy new year {p}", "the fix was in line with the mid, slippage zero", "client prefers twap over vwap for {s}", "your order is complete, average {n}", "stock loan recalls {s}, we need to cover by {t}",
    "pension client rebalances {s} today, order is in the system since {t}", "we guarantee delivery of the report at {t}", "take the bid if it is there, otherwise leave it", "match confirmed with the custodian",
    "they miss us on the softball team", "move the print job to the second floor", "squeeze one more agenda point in", "the board meets at {t}, papers are online", "no news on {s}, drifting with the sector", "we are done in {s}, flat",
)  # fmt: skip
