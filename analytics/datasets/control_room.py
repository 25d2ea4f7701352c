"""What compliance brings in: lists of sanctioned names, who the firm deals with, entries of its own lists."""

from analytics.datasets._base import EXT, Dataset, day, instant, text, texts

KINDS = ("person", "entity", "vessel", "aircraft")

SANCTIONS = Dataset(
    "sanctions",
    "Sanctions lists",
    {
        "list_name": text("List: OFAC SDN, UN, EU, UK or the firm's own.", required=True),
        "entry_id": text("Its id on that list.", required=True),
        "valid_from": day("First day this description holds; a later one takes its place. Null: always did."),
        "valid_to": day("Last day it is listed; null: until further notice."),
        "name": text("Name as listed; LAST, First is understood.", required=True),
        "kind": text("What it is; null: not told.", values=KINDS),
        "aliases": texts("Other names, former names, other scripts."),
        "country": text("Nationality or seat, ISO 3166 alpha-2."),
        "date_of_birth": text("ISO date, month or year, as far as known."),
        "programme": text("Programme or regulation it is listed under."),
        "ext": EXT,
    },
    key=("list_name", "entry_id", "valid_from"),
)

PARTIES = Dataset(
    "parties",
    "Clients, owners and counterparties",
    {
        "party_id": text("Party; equals an account's owner_id where it owns one.", required=True),
        "valid_from": day("First day this description holds; a later one takes its place. Null: always did."),
        "name": text("Full name.", required=True),
        "kind": text("What it is; null: not told.", values=KINDS),
        "role": text(
            "What it is to the firm.",
            values=("client", "owner", "counterparty", "broker", "issuer", "supplier"),
        ),
        "aliases": texts("Other names, former names, other scripts."),
        "country": text("Nationality or seat, ISO 3166 alpha-2."),
        "date_of_birth": text("ISO date, month or year, as far as known."),
        "ext": EXT,
    },
    key=("party_id", "valid_from"),
)

LIST_ENTRIES = Dataset(
    "list_entries",
    "Entries for the control room's lists",
    {
        "entry_id": text("Its id where it comes from.", required=True),
        "kind": text("Which list.", required=True, values=("restricted", "watch", "insider")),
        "instrument_id": text("Instrument; may be null for insiders."),
        "person_id": text("Person; needed for insiders."),
        "project": text("Deal or mandate behind it."),
        "reason": text("Why."),
        "valid_from": instant("From when it holds.", required=True),
        "valid_to": instant("Until when, exclusive; null: until further notice."),
    },
    key=("entry_id",),
)  # fmt: skip
