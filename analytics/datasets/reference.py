"""Who and what: instruments, accounts, people."""

from analytics.datasets._base import EXT, Dataset, Unit, day, flag, number, text, texts

ASSET_CLASSES = (
    "equity", "fund", "bond", "fx", "future", "option", "crypto", "commodity", "index", "cash",
)  # fmt: skip

INSTRUMENTS = Dataset(
    "instruments",
    "Instruments",
    {
        "instrument_id": text("Our id, usually SYMBOL or MIC:SYMBOL.", required=True),
        "valid_from": day("First day this description holds; null means always."),
        "symbol": text("Ticker.", required=True, fix=55),
        "name": text("Full name."),
        "asset_class": text("Kind of instrument.", required=True, values=ASSET_CLASSES),
        "currency": text("Trading currency, ISO 4217 or crypto code.", required=True),
        "mic": text("Listing venue, ISO 10383.", fix=207),
        "isin": text("ISO 6166."),
        "figi": text("FIGI."),
        "cfi": text("ISO 10962.", fix=461),
        "sector": text("Sector, GICS wording where known."),
        "industry": text("Industry."),
        "country": text("ISO 3166 alpha-2."),
        "multiplier": number("Contract size.", Unit.QUANTITY, default=1, positive=True),
        "price_unit_factor": number("Quoted price x factor = price in currency.", Unit.FRACTION, default=1),
        "tick_size": number("Smallest price step.", Unit.PRICE),
        "lot_size": number("Smallest quantity step.", Unit.QUANTITY),
        "issuer": text("Issuer."),
        "underlying_id": text("Instrument a derivative rests on."),
        "expiry": day("Last day."),
        "strike": number("Strike.", Unit.PRICE),
        "put_call": text("Option right.", values=("put", "call")),
        "shares_outstanding": number("Shares outstanding.", Unit.QUANTITY),
        "ext": EXT,
    },
    key=("instrument_id", "valid_from"),
)

ACCOUNTS = Dataset(
    "accounts",
    "Accounts",
    {
        "account_id": text("Account.", required=True, fix=1),
        "name": text("Display name."),
        "desk": text("Desk that runs it; entitlements follow it."),
        "kind": text("Whose money.", required=True, values=("client", "house", "personal", "mm")),
        "base_currency": text("Currency it reports in.", required=True),
        "owner_id": text("Beneficial owner."),
        "link_group": text("Group of linked owners."),
        "benchmark_id": text("Benchmark."),
        "strategy": text("Strategy."),
        "pad": flag("Personal account dealing rules apply."),
    },
    key=("account_id",),
)

PEOPLE = Dataset(
    "people",
    "People",
    {
        "person_id": text("Person; equals trader_id where the person trades.", required=True),
        "name": text("Name.", required=True),
        "desk": text("Desk."),
        "role": text("Function."),
        "manager_id": text("Line manager."),
        "email": text("Address."),
        "insider_lists": texts("Insider lists the person is on."),
    },
    key=("person_id",),
)
