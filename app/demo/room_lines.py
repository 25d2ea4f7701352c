"""What the demo's people wrote in rooms, threads and the feed. Every word is invented, as its people are.

``{name}`` is an instrument, ``{order}`` one of the trader's own orders and ``{account}`` an account of his desk; they are
filled in from the firm's own data.
"""

from dataclasses import dataclass

NOTE = "Simulated talk of the demo."


@dataclass(frozen=True)
class Line:
    """One post: who wrote it, so many minutes after the thread began."""

    who: str  # trader, mate (a second one of his desk), pm, risk, compliance, surveillance, research
    after: int
    text: str
    later: str | None = None  # what it says since it was edited, five minutes on
    hidden: str | None = None  # why compliance took it out, an hour on


@dataclass(frozen=True)
class Thread:
    """Posts that answer the first of them; in a room (firm, desk, members) or in the feed."""

    room: str | None
    about: str | None  # instrument, order, account, alert
    back: int  # sessions before the last one
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Talk:
    """Rooms (kind to name and purpose) and what was said in and around them, oldest first."""

    name: str  # of the instrument that most is said of
    other: str
    rooms: dict[str, tuple[str, str]]
    threads: tuple[Thread, ...]


HALYARD = Talk(
    name="MSFT",
    other="JNJ",
    rooms={
        "firm": ("Morning meeting", "What matters today, for everybody."),
        "desk": ("Client execution", "How client orders are worked, and what was learned of it."),
        "members": ("Index change", "Who trades what around the index change."),
    },
    threads=(
        Thread(None, "instrument", 8, (
            Line("research", 0, "${name}: I have gone through the last three calls again. What customers commit to grows faster than what is billed, and the estimates I see still start from what is billed."),
            Line("pm", 34, "Do you expect that to show with the next print, or is it a story for next year?"),
            Line("research", 52, "Half and half. I would not pay up before the print; on a weak day I would add."),
            Line("trader", 95, "Clients trade it both ways this week and nobody is in a hurry. If we add, patience costs nothing here."),
        )),
        Thread("firm", None, 6, (
            Line("risk", 0, "Books are thin in the last half hour before a quarter ends. Whoever needs the close says so by three, so that nobody is surprised by our own volume."),
            Line("trader", 11, "Understood. I have one basket for the close, $KO and $PG, both small against the usual auction."),
            Line("risk", 19, "Thank you. Nothing against either."),
        )),
        Thread("members", None, 5, (
            Line("pm", 0, "The list for the index change is on the what-if page, saved as a view. Please look through your names until noon tomorrow."),
            Line("risk", 46, "Looked through. Tracking error after the trade is what we said it would be; ${other} is the one name that moves a sector weight."),
            Line("trader", 71, "I can do the first half on the day before. The rest belongs in the auction.",
                 later="I can do the first half on the day before without being seen, in slices of a twentieth of volume. The rest belongs in the auction."),
        )),
        Thread("desk", "account", 4, (
            Line("pm", 0, "After the subscription {account} is light in ${other} and heavy in cash. I would spread the purchase over three days and stay below a tenth of volume."),
            Line("risk", 27, "Within its limits on concentration and liquidity as I see them. Cash back in its band by the end of the week, please."),
            Line("pm", 40, "It will be."),
        )),
        Thread("firm", None, 3, (
            Line("mate", 0, "The Dunmore people will need money: there is a tax bill in the family, they told us on the phone.",
                 hidden="Names a client's private affairs in a room that the whole firm reads."),
            Line("compliance", 70, "One post was taken out of this room. What we learn from a client stays with the people who work for that client, and goes no further than they need it."),
        )),
        Thread("desk", "order", 1, (
            Line("trader", 0, "{order}: behind the schedule on purpose. The offer refills as soon as I take it, and the client asked for price over speed."),
            Line("pm", 6, "Agreed. Where do you stop being patient?"),
            Line("trader", 9, "If the spread doubles, or an hour before the close, whichever comes first. Then I finish with the curve."),
            Line("mate", 21, "I saw the same in another name yesterday: it was one patient seller, and he was gone after lunch."),
        )),
        Thread(None, "alert", 0, (
            Line("compliance", 0, "First look: the evidence is complete and the window is short. I take it, and would like a second pair of eyes before anything is decided."),
            Line("surveillance", 25, "Read it. What the account usually does in this name is worth a look before we ask the desk; I have it open."),
        )),
    ),
)  # fmt: skip

MERIDIAN = Talk(
    name="LLY",
    other="XOM",
    rooms={
        "firm": ("Eight thirty", "The morning call in writing: what changed over night, what is due today."),
        "desk": ("Long-short ideas", "What the desk looks at, before it is in the book."),
        "members": ("Factor budget", "How much of the book's swing may come from where."),
    },
    threads=(
        Thread(None, "instrument", 9, (
            Line("research", 0, "${name}: prescriptions are published weekly and the price reacts to the headline, not to the count of new patients. The two have come apart twice this year."),
            Line("trader", 41, "Which of the two do you trust when they disagree?"),
            Line("research", 58, "The count. It is revised less and leads the revenue by about a quarter."),
            Line("pm", 130, "Then let us size it by the count and hedge the rest of the group. I do not want the sector in there."),
        )),
        Thread("firm", None, 7, (
            Line("risk", 0, "Two desks hold the same three energy names from opposite sides. Net it looks small; on a day when both unwind it is not. Gross is what I will look at this week."),
            Line("pm", 22, "Our side comes down by Thursday anyway. ${other} is the last of it."),
            Line("risk", 30, "Good, that settles it."),
        )),
        Thread("members", None, 5, (
            Line("risk", 0, "Momentum takes up more of the swing than all stocks together. I suggest a ceiling of a third until the end of the quarter."),
            Line("pm", 37, "A third is fair. I would rather reach it by adding a hedge than by selling what works."),
            Line("trader", 64, "The hedge costs about what the selling would, and leaves the positions alone.",
                 later="The hedge costs about what the selling would, and leaves the positions alone. Figures are on the what-if page, saved as a view."),
        )),
        Thread("desk", "account", 4, (
            Line("pm", 0, "{account} drifted: the longs ran and the shorts did not. I bring net back towards the middle of its range over two sessions, ${other} first."),
            Line("risk", 18, "Agreed. Net and gross stay inside the mandate with that; leave the beta hedge until last."),
            Line("pm", 25, "Done in that order."),
        )),
        Thread("firm", None, 3, (
            Line("mate", 0, "Met somebody from the Quayside family at the weekend. They are arguing about the inheritance again, so expect them to pull money out.",
                 hidden="Passes on a client's family affairs, heard in private, to the whole firm."),
            Line("compliance", 55, "I took a post out of this thread. If a client's plans matter for our work, he tells his contact here and it is noted there; hearsay does not belong in a room."),
        )),
        Thread("desk", "order", 1, (
            Line("trader", 0, "{order}: I let the first part rest at the bid. There is no news in the name and the book is deep enough to wait."),
            Line("mate", 8, "It traded through your level twice before lunch on the last two days, so you may get it."),
            Line("pm", 12, "Fine by me. Cross the spread for what is left when half an hour remains."),
            Line("trader", 15, "Will do."),
        )),
        Thread(None, "alert", 0, (
            Line("surveillance", 0, "Nothing missing in the data behind this one, and the score is not from one figure alone. I would compare it with the same trader's last month."),
            Line("compliance", 32, "Please do, and put the comparison into the notes. I decide when it is there."),
        )),
    ),
)  # fmt: skip
TALK = {"halyard": HALYARD, "meridian": MERIDIAN}
