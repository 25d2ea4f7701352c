"""What is held: positions, cash, net asset value."""

from analytics.datasets._base import EXT, Dataset, Unit, count, day, flag, number, text

FLOW_KINDS = ("deposit", "withdrawal", "dividend", "withholding", "interest", "fee", "tax", "fx", "other")

POSITIONS = Dataset(
    "positions",
    "Positions as others report them",
    {
        "account_id": text("Account.", required=True),
        "instrument_id": text("Instrument.", required=True),
        "date": day("Close of this day.", required=True),
        "source": text("Who says so.", required=True, values=("derived", "broker", "custodian")),
        "quantity": number("Held; negative = short.", Unit.SIGNED_QUANTITY, required=True),
        "avg_cost": number("Average cost.", Unit.PRICE),
        "market_px": number("Price used.", Unit.PRICE),
        "market_value": number("Value; negative = short.", Unit.SIGNED_MONEY),
        "currency": text("Currency.", required=True),
        "ext": EXT,
    },
    key=("account_id", "instrument_id", "date", "source"),
    day="date",
)

CASH_FLOWS = Dataset(
    "cash_flows",
    "Cash flows",
    {
        "account_id": text("Account.", required=True),
        "flow_id": text("Flow.", required=True),
        "date": day("Value day.", required=True),
        "kind": text("Kind.", required=True, values=FLOW_KINDS),
        "amount": number("Amount; positive = into the account.", Unit.SIGNED_MONEY, required=True),
        "currency": text("Currency.", required=True),
        "external": flag("Owner's money in or out; null: deposits and withdrawals are external."),
        "instrument_id": text("Instrument that paid it."),
        "ext": EXT,
    },
    key=("account_id", "flow_id"),
    day="date",
)

NAV = Dataset(
    "nav",
    "Net asset value as others report it",
    {
        "account_id": text("Account.", required=True),
        "date": day("Close of this day.", required=True),
        "nav": number("Net asset value.", Unit.SIGNED_MONEY, required=True),
        "flow": number("External flow of the day.", Unit.SIGNED_MONEY),
        "flow_timing": text("When the flow counts.", values=("start", "end")),
        "currency": text("Currency."),
    },
    key=("account_id", "date"),
    day="date",
)

# Derived by the `derive` job after an import, one row per account, instrument and session in which
# something is held or was traded. Money is in the instrument's currency unless named `_base`.
DAILY_POSITIONS = Dataset(
    "daily_positions",
    "Positions derived from executions",
    {
        "account_id": text("Account."),
        "instrument_id": text("Instrument."),
        "date": day("Close of this day."),
        "currency": text("Currency of the money columns."),
        "quantity": number("Held at the close; negative = short.", Unit.SIGNED_QUANTITY),
        "avg_cost": number("Average cost of what is held; null when flat.", Unit.PRICE),
        "market_px": number("Last known close; null when never priced.", Unit.PRICE),
        "price_date": day("Session of market_px."),
        "market_value": number("quantity x market_px x multiplier.", Unit.SIGNED_MONEY),
        "traded_cash": number("Cash of the day's trades before costs.", Unit.SIGNED_MONEY),
        "costs": number("Commission, fees and taxes of the day, positive = cost.", Unit.SIGNED_MONEY),
        "income": number("Dividends and interest of the day, net of withholding.", Unit.SIGNED_MONEY),
        "realised_pnl": number(
            "Realised that day before costs, by the organisation's cost method.", Unit.SIGNED_MONEY
        ),
        "unrealised_pnl": number(
            "Unrealised at the close, by the organisation's cost method.", Unit.SIGNED_MONEY
        ),
        "pnl": number("Day's P&L after costs, income included.", Unit.SIGNED_MONEY),
        "fx_rate": number("Account base per unit of currency.", Unit.PRICE),
        "market_value_base": number("market_value in the account's base.", Unit.SIGNED_MONEY),
        "pnl_base": number("pnl in the account's base.", Unit.SIGNED_MONEY),
        "executions": count("Executions that day."),
    },
    key=("account_id", "instrument_id", "date"),
    day="date",
    derived=True,
)

DAILY_NAV = Dataset(
    "daily_nav",
    "Net asset value derived from positions and cash",
    {
        "account_id": text("Account."),
        "date": day("Close of this day."),
        "currency": text("The account's base currency."),
        "cash": number("Cash at the close.", Unit.SIGNED_MONEY),
        "market_value": number("Value of positions.", Unit.SIGNED_MONEY),
        "nav": number("cash + market_value; null with a reason when cash is not known.", Unit.SIGNED_MONEY),
        "flow": number("External flow of the day, counted at its start.", Unit.SIGNED_MONEY),
        "pnl": number("Change of nav less flow.", Unit.SIGNED_MONEY),
        "gross_exposure": number("Sum of |market value|.", Unit.MONEY),
        "net_exposure": number("Sum of market value.", Unit.SIGNED_MONEY),
        "reason": text("Why nav is null."),
    },
    key=("account_id", "date"),
    day="date",
    derived=True,
)
