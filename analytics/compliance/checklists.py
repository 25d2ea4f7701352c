"""What must have been looked at before a case may end, by kind of abuse."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One check. A mandatory one blocks the end of a case until it is done."""

    key: str
    text: str
    mandatory: bool = True


ABUSE_TYPES: dict[str, str] = {
    "wash_trade": "Wash or matched trades",
    "order_book": "Misleading orders",
    "price_manipulation": "Price manipulation",
    "insider_dealing": "Insider dealing",
    "front_running": "Trading ahead of clients",
    "conflict": "Conflict of interest",
    "restricted_list": "Restricted list or personal account",
    "client_harm": "Harm to clients",
    "communications": "Suspicious communications",
    "control_failure": "Control or limit failure",
    "other": "Other",
}
_DETECTORS: dict[str, str] = {
    "wash_trade": "wash_trade", "matched_orders": "wash_trade", "circular_trading": "wash_trade",
    "spoofing": "order_book", "layering": "order_book", "quote_stuffing": "order_book", "order_to_trade": "order_book",
    "pinging": "order_book", "momentum_ignition": "price_manipulation", "ramping": "price_manipulation",
    "painting": "price_manipulation", "marking_the_close": "price_manipulation",
    "marking_the_open": "price_manipulation", "cross_product": "price_manipulation",
    "pump_and_dump": "price_manipulation", "insider": "insider_dealing", "front_running": "front_running",
    "stop_triggering": "front_running",
    "restricted_list": "restricted_list", "personal_account": "restricted_list", "cherry_picking": "client_harm",
    "churning": "client_harm", "best_execution": "client_harm", "communications": "communications",
    "lexicon": "communications", "fat_finger": "control_failure", "limit": "control_failure",
    "concentration": "control_failure", "model": "control_failure",
}  # fmt: skip

_ALWAYS = (
    Item("data_complete", "The data of the period is complete and reconciled"),
    Item("actor_known", "Person, owner links, employment and mandate are known"),
    Item("instructions", "Instructions and orders of clients are read"),
    Item("market_context", "Market and news of the time are looked at"),
    Item("rationale", "The economic reason is understood or ruled out"),
    Item("benefit", "Who gained, and how much, is worked out"),
    Item("repetition", "Earlier alerts of the same people are compared"),
    Item("communications", "Messages of the time are read, and the search is kept"),
    Item("other_products", "Linked products and other venues are checked"),
    Item("desk_asked", "The desk was asked in neutral words, and nobody was warned", mandatory=False),
)
_OF_TYPE: dict[str, tuple[Item, ...]] = {
    "wash_trade": (
        Item("owners", "Beneficial owners on both sides are established"),
        Item("position_change", "Whether the position changed is worked out"),
    ),
    "order_book": (
        Item("book_rebuilt", "The order book is rebuilt from the venue's feed"),
        Item("no_obligation", "No market maker's obligation explains the orders"),
        Item("intent", "Cancels are compared with fills on the other side"),
    ),
    "price_manipulation": (
        Item("share_of_volume", "The share of the market's volume is measured"),
        Item("reference_price", "Who depends on the price of that moment is known"),
    ),
    "insider_dealing": (
        Item("information", "What was known to whom, and when, is established"),
        Item("lists", "Insider, watch and restricted lists are checked"),
        Item("usual_trading", "Usual trading of the person is compared"),
    ),
    "front_running": (
        Item("client_order", "The client's order and who could see it are established"),
        Item("price_harm", "The client's harm is worked out"),
    ),
    "restricted_list": (
        Item("lists", "Validity of the entry and clearances are checked"),
        Item("declared", "Declared personal accounts are checked"),
    ),
    "client_harm": (Item("client_effect", "The effect on each client is worked out"),),
    "communications": (Item("whole_talk", "The whole conversation is read, not the one message"),),
    "control_failure": (Item("control", "Which control failed, and why, is established"),),
}


def abuse_type(detector: str) -> str:
    """Return the kind of abuse that a detector looks for."""
    if detector in _DETECTORS:
        return _DETECTORS[detector]
    return next((kind for name, kind in _DETECTORS.items() if name in detector), "other")


def checklist(kind: str) -> tuple[Item, ...]:
    """Return the checks of a kind of abuse, its own ones first."""
    return (*_OF_TYPE.get(kind, ()), *_ALWAYS)
