"""The instruments of the demo: twenty real S&P 500 stocks and a simulated tracker of the index."""

from dataclasses import dataclass

INDEX_FUND = "SPIX"
BENCHMARK = "SP500"
BASKET = "EW20"


@dataclass(frozen=True)
class Stock:
    """One instrument and the size of its market.

    ``adv`` is a plausible average daily volume in shares and ``spread_bp`` a plausible quoted spread: the
    price source has neither.
    """

    symbol: str
    name: str
    sector: str
    industry: str
    mic: str
    isin: str | None
    adv: int
    spread_bp: float
    asset_class: str = "equity"


STOCKS = (
    Stock(
        "AAPL", "Apple", "Information Technology", "Hardware", "XNAS", "US0378331005", 80_000_000, 1.0
    ),
    Stock(
        "AMD", "Advanced Micro Devices", "Information Technology", "Semiconductors", "XNAS",
        "US0079031078", 75_000_000, 1.8,
    ),
    Stock("BAC", "Bank of America", "Financials", "Banks", "XNYS", "US0605051046", 42_000_000, 3.1),
    Stock(
        "BBY", "Best Buy", "Consumer Discretionary", "Specialty retail", "XNYS", "US0865161014", 3_100_000, 4.0
    ),
    Stock("CVX", "Chevron", "Energy", "Oil and gas", "XNYS", "US1667641005", 9_500_000, 1.8),
    Stock(
        "GE", "General Electric", "Industrials", "Conglomerates", "XNYS", "US3696043013", 6_800_000, 2.2
    ),
    Stock(
        "HD", "Home Depot", "Consumer Discretionary", "Specialty retail", "XNYS", "US4370761029",
        4_200_000, 1.7,
    ),
    Stock(
        "JNJ", "Johnson & Johnson", "Health Care", "Pharmaceuticals", "XNYS", "US4781601046", 7_200_000, 1.4
    ),
    Stock("JPM", "JPMorgan Chase", "Financials", "Banks", "XNYS", "US46625H1005", 12_500_000, 1.5),
    Stock("KO", "Coca-Cola", "Consumer Staples", "Beverages", "XNYS", "US1912161007", 14_500_000, 1.9),
    Stock(
        "LLY", "Eli Lilly", "Health Care", "Pharmaceuticals", "XNYS", "US5324571083", 3_000_000, 2.6
    ),
    Stock("MRK", "Merck", "Health Care", "Pharmaceuticals", "XNYS", "US58933Y1055", 9_800_000, 1.5),
    Stock("MSFT", "Microsoft", "Information Technology", "Software", "XNAS", "US5949181045", 29_000_000, 1.0),
    Stock("PEP", "PepsiCo", "Consumer Staples", "Beverages", "XNAS", "US7134481081", 5_200_000, 1.6),
    Stock("PFE", "Pfizer", "Health Care", "Pharmaceuticals", "XNYS", "US7170811035", 25_000_000, 2.1),
    Stock(
        "PG", "Procter & Gamble", "Consumer Staples", "Household products", "XNYS", "US7427181091",
        7_000_000, 1.4,
    ),
    Stock("RRC", "Range Resources", "Energy", "Oil and gas", "XNYS", "US75281A1097", 4_000_000, 6.0),
    Stock(
        "UNH", "UnitedHealth Group", "Health Care", "Managed care", "XNYS", "US91324P1021", 3_300_000, 2.4
    ),
    Stock("WMT", "Walmart", "Consumer Staples", "Retail", "XNYS", "US9311421039", 7_600_000, 1.5),
    Stock("XOM", "Exxon Mobil", "Energy", "Oil and gas", "XNYS", "US30231G1022", 18_500_000, 1.6),
    # A tenth of the index level, so that hedgers have something to sell; it pays the dividends the price
    # index leaves out. The stocks' own prices are adjusted for theirs.
    Stock(
        INDEX_FUND, "S&P 500 tracker (simulated fund)", "Funds", "Index fund", "ARCX", None, 60_000_000,
        0.9, "fund",
    ),
)  # fmt: skip
SYMBOLS = tuple(stock.symbol for stock in STOCKS)
INDEX = {symbol: number for number, symbol in enumerate(SYMBOLS)}
TICK = 0.01


@dataclass(frozen=True)
class Venue:
    """Where orders go: share of flow, taker fee and maker rebate per share."""

    mic: str
    share: float
    taker_fee: float
    maker_fee: float


VENUES = (
    Venue("XNYS", 0.24, 0.0030, -0.0012),
    Venue("XNAS", 0.24, 0.0030, -0.0018),
    Venue("BATS", 0.16, 0.0030, -0.0016),
    Venue("EDGX", 0.16, 0.0029, -0.0017),
    Venue("IEXG", 0.20, 0.0010, 0.0000),
)
MICS = tuple(venue.mic for venue in VENUES)
