"""Who a demo firm deals with, and an invented sanctions list: one true match each, and some that look near."""

import polars as pl

from analytics.datasets import PARTIES, SANCTIONS
from app.demo.firms import FirmPlan
from app.demo.ledger import conform

LIST = "Demo list (invented)"
# id, name, kind, aliases, country, born. Nobody of these exists.
_LISTED = (
    ("D-001", "VELTRANO, Kazimir", "person", ("Казимир Вельтрано", "The Glazier"), "MT", "1958-11-23"),
    ("D-002", "Orsolya Tindevári", "person", ("Orsola Tindevary",), "HU", "1971-06-02"),
    ("D-003", "Elza Brankhoff", "person", (), "AT", "1949"),
    ("D-004", "Harrow Quay Shipping LLC", "entity", ("HQ Maritime",), "PA", None),
    ("D-005", "Mikhail Ostrelov", "person", ("Mihail Ostreloff",), "BY", "1966-02-10"),
    ("D-006", "Pembrake Trading S.p.A.", "entity", (), "IT", None),
    ("D-007", "Sentinel of Varnholm", "vessel", (), "LR", None),
    ("D-008", "Abdel-Karim Zafrouni", "person", ("Abdulkarim Zafruni",), "LY", "1960-01-01"),
)
# party, name, kind, role, country, born. Owners carry the ids that accounts name.
_PARTIES = {
    "halyard": (
        ("dunmore", "Casimir Veltrano", "person", "owner", "MT", "1958-11-23"),  # the true one
        ("fenwick", "Elsa Brankhof", "person", "owner", "DE", "1949-08-30"),
        ("hc-cp-1", "Harrow Quay Chandlers Ltd", "entity", "supplier", "GB", None),
        ("hc-cp-2", "Mihail Ostrelow", "person", "client", "US", "1966-10-02"),
        ("hc-cp-3", "Marlow & Teague Brokers", "entity", "broker", "US", None),
    ),
    "meridian": (
        ("rowan", "Orsolya Tindevari", "person", "owner", "HU", "1971-06-02"),  # the true one
        ("quayside", "Abdul Karim Zafroni", "person", "owner", "MA", None),
        ("mp-cp-1", "Pembroke Trading Group", "entity", "counterparty", "GB", None),
        ("mp-cp-2", "Elsie Brankhurst", "person", "client", "US", "1950-01-07"),
        ("mp-cp-3", "Hollow & Pike Clearing", "entity", "broker", "US", None),
    ),
}


def sanctions() -> pl.DataFrame:
    """Return the sanctions file, the same for every firm."""
    rows = [
        {
            "list_name": LIST, "entry_id": entry, "name": name, "kind": kind, "aliases": list(aliases) or None,
            "country": country, "date_of_birth": born, "programme": "Invented for the demo",
        }
        for entry, name, kind, aliases, country, born in _LISTED
    ]  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), SANCTIONS)


def parties(plan: FirmPlan) -> pl.DataFrame:
    """Return the file of parties: owners of accounts, clients, brokers, suppliers."""
    rows = [
        {
            "party_id": party, "name": name, "kind": kind, "role": role, "country": country, "date_of_birth": born,
        }
        for party, name, kind, role, country, born in _PARTIES[plan.slug]
    ]  # fmt: skip
    return conform(pl.DataFrame(rows, infer_schema_length=None), PARTIES)
