"""Words of conduct risk: families of phrases, how much each weighs, and the slang they hide in.

Written by hand from everyday desk English; no published list was taken over. Phrases are lower case, words
parted by one blank, and match whole words; a trailing ``*`` lets the last word go on.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One kind of risk."""

    title: str
    weight: float  # 0..100, what a hit alone is worth
    phrases: tuple[str, ...]


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


FAMILIES: dict[str, Family] = {
    "collusion": Family(
        "agreeing a price or sharing out a market",
        70.0,
        _phrases("""
            fix the price*
            fix the close
            fix the rate
            agree a price
            agree on a price
            keep our quotes
            keep the spread wide
            widen together
            split the clients
            carve up
            do not undercut
            stay out of each other*
            you take the bid
            i take the offer
            work together on
            match me
            trade back to you
            give it back to you
            give it back tomorrow
            same price back
            same size back
            park it
            park the position
            parking it
            buy it back from you
            print it between us
            cross it between us
            nobody else quotes
            we all quote
        """),
    ),
    "mnpi": Family(
        "information that is not public",
        70.0,
        _phrases("""
            not public yet
            not out yet
            before it is public
            before it is announced
            before the announcement
            before the news
            ahead of the announcement
            ahead of the news
            ahead of the results
            inside information
            insider
            my contact at
            my source at
            my guy at
            friend at the company
            friend on the board
            on the deal team
            takeover is coming
            bid is coming
            results are going to
            they are going to miss
            they are going to beat
            i have seen the numbers
            saw the numbers
            saw the draft
            order coming
            buy coming
            sell coming
            sale coming
            big client order
            client is about to
            about to buy
            about to sell
            before they start
            before we start
            before the client
            get in front of
            ahead of the client
            ahead of the order
            front run*
        """),
    ),
    "secrecy": Family(
        "keeping something from others",
        55.0,
        _phrases("""
            delete this
            delete the chat
            delete after reading
            delete these
            keep it quiet
            keep this quiet
            keep quiet
            keep it between us
            keep this between us
            between you and me
            just between us
            between ourselves
            do not tell*
            nobody can know
            no one can know
            nobody needs to know
            no one needs to know
            do not forward
            do not put this in writing
            do not write
            not in writing
            nothing in writing
            off the record
            under the radar
            compliance will not
            compliance must not
            compliance does not need
            without compliance
            keep compliance out
            no paper trail
            leave no trace
            you did not hear
            never happened
            forget i said
            on the quiet
        """),
    ),
    "channel_switch": Family(
        "moving to a channel that is not recorded",
        50.0,
        _phrases("""
            whatsapp
            telegram
            signal me
            on signal
            wechat
            call my mobile
            call me on my mobile
            call my cell
            call me on my cell
            my private number
            my personal number
            personal phone
            private phone
            personal email
            private email
            my gmail
            take this offline
            take it offline
            talk offline
            speak offline
            not on this line
            not on the recorded line
            not on chat
            not on this chat
            unrecorded line
            off this chat
            text me instead
            ring me privately
            call me privately
        """),
    ),
    "guarantee": Family(
        "promising an outcome",
        40.0,
        _phrases("""
            guarantee you*
            guaranteed return*
            guaranteed profit*
            guarantee the return*
            guarantee a return*
            guarantee a profit*
            cannot lose
            can not lose
            no risk at all
            zero risk
            risk free profit*
            sure thing
            make you whole
            cover your loss*
            free money
            i promise you will make
            double your money
        """),
    ),
    "gifts": Family(
        "gifts and favours for business",
        50.0,
        _phrases("""
            kickback*
            bribe*
            envelope of cash
            brown envelope
            cash for you
            tickets for you
            holiday on us
            trip is on us
            weekend on me
            return the favour
            return the favor
            something for your trouble
            take care of you
            look after you
            your cut
            my cut
            under the table
            thank you present
            in exchange for the order*
            in return for the order*
            in return for the flow
        """),
    ),
    "rumour": Family(
        "spreading what one does not know to be true",
        45.0,
        _phrases("""
            spread the word
            spread the rumour
            spread the rumor
            spread a rumour
            start a rumour
            start a rumor
            start the story
            leak it to
            plant the story
            plant a story
            talk it up
            talk it down
            talk the stock up
            talk the stock down
            get the story out
            feed the forum*
            post it on the forum*
            pump it
            make some noise about
            get people excited about
        """),
    ),
    "manipulation": Family(
        "moving a price or a reference",
        70.0,
        _phrases("""
            spoof*
            layer the book
            paint the tape
            wash trade*
            wash it
            bang the close
            bang the fix
            push the close
            push the price
            push it up
            push it down
            push it into the close
            jam the close
            hold the price
            hold it up
            hold up the close
            prop it up
            prop up
            move the fix
            move the print
            move the close
            mark it up
            mark it higher
            mark the close
            smash it into
            smash the close
            walk it up
            walk it down
            run the stops
            trigger the stops
            trigger his stop*
            trigger their stop*
            take out the stops
            scare them
            fake bids
            fake offers
            fake orders
            show size and pull
            pull them once
            pull it once
            pull the offers once
            squeeze the shorts
            ramp it
            ramp the
            corner the
        """),
    ),
    "boast": Family(
        "boasting of having got the better of somebody",
        45.0,
        _phrases("""
            ripped him off
            ripped them off
            ripped the client
            rip their face*
            skimmed
            stuffed the client
            stuffed him
            stuffed them
            dumped it on the client
            they will never notice
            he will never notice
            client has no idea
            client will never know
            they have no idea
            got away with
            made a killing on their
            robbed
            picked off the client
        """),
    ),
}  # fmt: skip

# Desk shorthand, spelled out word by word before anything is matched.
SLANG: dict[str, str] = {
    "mkt": "market", "px": "price", "lvl": "level", "lvls": "levels", "pls": "please", "plz": "please", "u": "you",
    "ur": "your", "tmrw": "tomorrow", "tmr": "tomorrow", "tom": "tomorrow", "b4": "before", "btw": "by the way",
    "msg": "message", "msgs": "messages", "cust": "client", "clnt": "client", "cli": "client", "ord": "order",
    "ords": "orders", "w": "with", "wo": "without", "abt": "about", "bc": "because", "cuz": "because", "thx": "thanks",
    "ty": "thanks", "gonna": "going to", "gotta": "got to", "wanna": "want to", "lemme": "let me", "gimme": "give me",
    "dont": "do not", "dnt": "do not", "cant": "cannot", "wont": "will not", "didnt": "did not", "doesnt": "does not",
    "isnt": "is not", "im": "i am", "ive": "i have", "its": "it is", "thats": "that is", "youll": "you will",
    "theyre": "they are", "wa": "whatsapp", "whatsap": "whatsapp", "watsapp": "whatsapp", "mob": "mobile", "cell": "cell",
    "annc": "announcement", "ann": "announcement", "infos": "information", "info": "information", "1st": "first",
    "2nd": "second", "3rd": "third", "favor": "favour", "rumor": "rumour", "color": "colour", "del": "delete",
    "shh": "keep quiet", "shhh": "keep quiet", "nbdy": "nobody", "noone": "nobody", "btwn": "between", "fwd": "forward",
    "mtg": "meeting", "shs": "shares", "shrs": "shares", "posn": "position", "pos": "position", "frontrun": "front run",
    "frontrunning": "front running", "txt": "text", "ppl": "people", "mgmt": "management", "qtr": "quarter",
}  # fmt: skip
# Apostrophes go first, so that these are all that is left of a contraction.
CONTRACTIONS: dict[str, str] = {
    "won't": "will not", "can't": "cannot", "n't": " not", "'re": " are", "'ll": " will", "'ve": " have", "'m": " am", "'d": " would", "'s": "s",
}  # fmt: skip
# From here on a mail says nothing of its sender's own.
NOT_NEW: tuple[str, ...] = (
    "-----original message-----", "----- original message -----", "begin forwarded message", "this email and any",
    "this e-mail and any", "this message is intended", "this message and any", "this communication is intended",
    "confidentiality notice", "disclaimer:", "past performance is", "important notice:",
)  # fmt: skip
BULK: tuple[str, ...] = (
    "unsubscribe", "view in browser", "view this email in your browser", "newsletter", "manage your preferences",
)  # fmt: skip
# Talk about the rules names what it warns of.
RULES: tuple[str, ...] = (
    " training ", " trainings ", " course ", " module ", " quiz ", " policy ", " policies ", " handbook ", " regulator ",
    " regulators ", " rules ", " guidance ", " surveillance ", " webinar ", " seminar ", " e learning ", " case study ",
    " fined ", " prohibited ", " not allowed ", " must not ", " conduct ", " procedure ", " examples of ", " how to spot ",
)  # fmt: skip
BUYS = (
    "buy",
    "buying",
    "bought",
    "long",
    "lift",
    "bid",
    "accumulate",
    "load",
    "loading",
    "add",
    "adding",
    "purchase",
)
SELLS = (
    "sell",
    "selling",
    "sold",
    "short",
    "shorting",
    "dump",
    "unload",
    "hit",
    "offer",
    "sale",
    "offload",
    "exit",
)
