"""What the firm's people and books are allowed: approvals of private trades, limits on positions."""

from analytics.datasets._base import Dataset, Unit, day, instant, number, text, texts
from analytics.datasets.trading import SIDES

PRECLEARANCES = Dataset(
    "preclearances",
    "Approvals of personal trades",
    {
        "preclearance_id": text("Request.", required=True),
        "person_id": text("Who asked.", required=True),
        "account_id": text("Account it is for; null: any account of the person."),
        "instrument_id": text("Instrument.", required=True),
        "side": text("Side; null: either.", values=SIDES),
        "quantity": number("Approved in all; null: any.", Unit.QUANTITY, positive=True),
        "status": text(
            "What was decided.",
            required=True,
            values=("approved", "denied", "withdrawn", "pending"),
        ),
        "valid_from": instant("From when a trade is covered.", required=True),
        "valid_to": instant("Until when, exclusive.", required=True),
        "decided_time": instant("When it was decided."),
        "decided_by": text("Who decided."),
        "waives": texts("Rules it lifts: holding_period, blackout."),
        "reason": text("Reason given."),
    },
    key=("preclearance_id",),
    time="valid_from",
)

POSITION_LIMITS = Dataset(
    "position_limits",
    "Position and ownership limits",
    {
        "limit_id": text("Limit.", required=True),
        "instrument_id": text("Instrument; its derivatives count towards it.", required=True),
        "subject_kind": text(
            "Whom it binds; each group of owners by itself when null.",
            values=("firm", "owner", "link", "account"),
        ),
        "subject_id": text("Which owner, link group or account; null for the firm."),
        "max_quantity": number("Largest position, long or short.", Unit.QUANTITY, required=True, positive=True),
        "valid_from": day("First day it holds; null: always did."),
        "valid_to": day("Last day it holds; null: until further notice."),
        "source": text("Whose limit: venue, regulator, mandate, house."),
    },
    key=("limit_id",),
)  # fmt: skip
