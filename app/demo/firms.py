"""The two firms: desks, people and accounts. Names are invented."""

from dataclasses import dataclass

# Strategies an account can follow; each is a file in ``strategies``.
CORE, MOMENTUM, REVERSION, INDEX_TRACKING, HEDGED, MAKER, PRIVATE = (
    "core",
    "momentum",
    "mean_reversion",
    "index",
    "hedged",
    "market_making",
    "private",
)


@dataclass(frozen=True)
class Person:
    """Somebody at a firm."""

    person_id: str
    name: str
    desk: str | None
    role: str
    manager: str | None = None


@dataclass(frozen=True)
class Book:
    """An account: who owns it, who trades it, how."""

    account_id: str
    name: str
    desk: str
    kind: str
    strategy: str
    deposit: float  # in its base currency
    traders: tuple[str, ...]
    owner: str
    currency: str = "USD"
    link_group: str | None = None


@dataclass(frozen=True)
class Cast:
    """Who plays in the scenarios: account ids, and the trader who knows too much."""

    linked: tuple[str, str]  # two accounts of one family
    house: tuple[str, str]
    client: str
    unrelated: tuple[str, str]  # two clients with different owners
    index: str
    maker: str
    personal: str  # of ``insider``
    personal_two: str
    insider: str
    listed: tuple[str, str, str]  # restricted now, watched now, restricted once


@dataclass(frozen=True)
class FirmPlan:
    """What the generator makes a firm of."""

    slug: str
    name: str
    number: int  # keeps the firms' random streams apart
    prefix: str  # of order and execution ids
    desks: dict[str, str]  # desk to the strategy family it is known for
    people: tuple[Person, ...]
    books: tuple[Book, ...]
    cast: Cast
    costly_venue: str | None = None
    costly_bp: float = 0.0

    @property
    def traders(self) -> tuple[str, ...]:
        """Everybody who sends orders."""
        return tuple(p.person_id for p in self.people if p.role == "trader")


def _people(desks: dict[str, tuple[str, tuple[str, ...]]], others: dict[str, str]) -> tuple[Person, ...]:
    found = []
    for desk, (head, traders) in desks.items():
        found.append(Person(_id(head), head, desk, "portfolio_manager"))
        found.extend(Person(_id(name), name, desk, "trader", _id(head)) for name in traders)
    # Who looks at alerts answers to the head of risk: somebody of compliance has a line of his own to keep out of.
    heads = {"surveillance": _id(others["risk"])}
    found.extend(Person(_id(name), name, None, role, heads.get(role)) for role, name in others.items())
    return tuple(found)


def _id(name: str) -> str:
    first, *_, last = name.lower().replace("'", "").split()
    return f"{first[0]}{last}"


_HALYARD_PEOPLE = _people(
    {
        "client-execution": (
            "Ingrid Solheim",
            ("Amara Okafor", "Tomas Varga", "Leila Haddad", "Ben Whitlock"),
        ),
        "market-making": ("Kenji Morita", ("Priya Raman", "Oskar Lindqvist", "Dana Petrov")),
        "systematic": ("Claire Dubois", ("Mateo Rivas", "Yuki Tanabe", "Samuel Adeyemi")),
        "index-hedging": ("Ruth Abrams", ("Nadia Farouk", "Colm Brennan", "Hana Novak")),
    },
    {
        "risk": "Victor Ekman",
        "compliance": "Marta Kowalska",
        "surveillance": "Edda Brandt",
        "auditor": "Desmond Clarke",
        "admin": "Elif Aydin",
        "research": "Jonas Weber",
    },
)

_MERIDIAN_PEOPLE = _people(
    {
        "long-short": ("Beatriz Campos", ("Rohan Mehta", "Sofia Lindgren", "Andre Baptiste", "Grace Owusu")),
        "quant-equity": ("Pavel Horak", ("Wei Zhang", "Fatima Rahimi", "Lucas Moreau")),
        "execution": ("Helen Strand", ("Diego Fuentes", "Anya Sokolova", "Tariq Nasser")),
        "treasury": ("Simon Achterberg", ("Mei Lin", "Jack Tierney", "Olga Marin")),
    },
    {
        "risk": "Noor Jensen",
        "compliance": "Alan Pritchard",
        "surveillance": "Irene Colley",
        "auditor": "Chiara Ricci",
        "admin": "Peter Danso",
        "research": "Lena Fischer",
    },
)


def _book(  # noqa: PLR0917 (rows of a table)
    account_id: str, name: str, desk: str, kind: str, strategy: str, millions: float, traders: str, owner: str,
    *, currency: str = "USD", link: str | None = None,
) -> Book:  # fmt: skip
    who = tuple(traders.split())
    return Book(account_id, name, desk, kind, strategy, millions * 1e6, who, owner, currency, link)


_CE, _MM, _SY, _IH = "client-execution", "market-making", "systematic", "index-hedging"
_HALYARD_BOOKS = (
    _book("HC-101", "Alder Pension Scheme", _CE, "client", CORE, 180, "aokafor tvarga", "alder-pension"),
    _book("HC-102", "Birchwood Endowment", _CE, "client", CORE, 95, "aokafor lhaddad", "birchwood"),
    _book("HC-103", "Corrib Insurance", _CE, "client", MOMENTUM, 120, "tvarga bwhitlock", "corrib"),
    _book("HC-104", "Dunmore Family Office", _CE, "client", CORE, 40, "lhaddad", "dunmore"),
    _book("HC-105", "Estuary Fund", _CE, "client", CORE, 60, "bwhitlock", "estuary", currency="EUR"),
    _book(
        "HC-106", "Fenwick Trust", _CE, "client", REVERSION, 25, "tvarga", "fenwick", link="fenwick-family"
    ),
    _book("HC-107", "Fenwick Holdings", _CE, "client", CORE, 22, "tvarga", "fenwick", link="fenwick-family"),
    _book("HC-108", "Garrick Foundation", _CE, "client", INDEX_TRACKING, 70, "lhaddad aokafor", "garrick"),
    _book("HC-201", "Maker one", _MM, "mm", MAKER, 30, "praman", "halyard"),
    _book("HC-202", "Maker two", _MM, "mm", MAKER, 30, "olindqvist", "halyard"),
    _book("HC-203", "Maker three", _MM, "mm", MAKER, 20, "dpetrov", "halyard"),
    _book("HC-301", "Momentum book", _SY, "house", MOMENTUM, 80, "mrivas", "halyard"),
    _book("HC-302", "Reversion book", _SY, "house", REVERSION, 60, "ytanabe", "halyard"),
    _book("HC-303", "Reversion book, fast", _SY, "house", REVERSION, 35, "sadeyemi ytanabe", "halyard"),
    _book("HC-304", "Momentum book, hedged", _SY, "house", HEDGED, 50, "mrivas sadeyemi", "halyard"),
    _book(
        "HC-401", "Index fund", _IH, "client", INDEX_TRACKING, 150, "nfarouk cbrennan", "halyard-index-fund"
    ),
    _book("HC-402", "Hedge book", _IH, "house", HEDGED, 70, "hnovak", "halyard"),
    _book("HC-403", "Low-cost index", _IH, "client", INDEX_TRACKING, 90, "cbrennan", "halyard-low-cost"),
    _book("HC-404", "Euro hedge book", _IH, "house", HEDGED, 30, "nfarouk hnovak", "halyard", currency="EUR"),
    _book("HC-901", "T. Varga, personal", _CE, "personal", PRIVATE, 0.4, "tvarga", "tvarga"),
    _book("HC-902", "M. Rivas, personal", _SY, "personal", PRIVATE, 0.3, "mrivas", "mrivas"),
    _book("HC-903", "B. Whitlock, personal", _CE, "personal", PRIVATE, 0.25, "bwhitlock", "bwhitlock"),
)

_LS, _QE, _EX, _TR = "long-short", "quant-equity", "execution", "treasury"
_MERIDIAN_BOOKS = (
    _book("MP-01", "Meridian Opportunities", _LS, "client", HEDGED, 140, "rmehta slindgren", "mp-opportunities"),
    _book("MP-02", "Meridian Value", _LS, "client", CORE, 110, "slindgren", "mp-value"),
    _book("MP-03", "Meridian Growth", _LS, "client", MOMENTUM, 125, "abaptiste", "mp-growth"),
    _book("MP-04", "Special situations", _LS, "house", REVERSION, 45, "gowusu", "meridian"),
    _book("MP-05", "Partners' fund", _LS, "house", HEDGED, 65, "rmehta gowusu", "meridian"),
    _book("MP-06", "Meridian Europe feeder", _LS, "client", CORE, 50, "abaptiste", "mp-europe", currency="EUR"),
    _book("MP-11", "Quant neutral", _QE, "house", REVERSION, 90, "wzhang", "meridian"),
    _book("MP-12", "Quant trend", _QE, "house", MOMENTUM, 75, "frahimi", "meridian"),
    _book("MP-13", "Quant intraday", _QE, "mm", MAKER, 40, "lmoreau", "meridian"),
    _book("MP-14", "Quant overlay", _QE, "house", HEDGED, 55, "wzhang frahimi", "meridian"),
    _book("MP-21", "Northgate Pension", _EX, "client", INDEX_TRACKING, 160, "dfuentes asokolova", "northgate"),
    _book("MP-22", "Orchard Charities", _EX, "client", CORE, 35, "asokolova", "orchard"),
    _book("MP-23", "Pembroke Life", _EX, "client", CORE, 85, "tnasser", "pembroke"),
    _book("MP-24", "Quayside Trust", _EX, "client", CORE, 28, "dfuentes", "quayside", link="quayside-family"),
    _book("MP-25", "Quayside Nominees", _EX, "client", REVERSION, 24, "dfuentes", "quayside",
          link="quayside-family"),
    _book("MP-26", "Rowan Mutual", _EX, "client", MOMENTUM, 48, "tnasser dfuentes", "rowan"),
    _book("MP-31", "Liquidity book", _TR, "mm", MAKER, 25, "mlin", "meridian"),
    _book("MP-32", "Treasury tracker", _TR, "house", INDEX_TRACKING, 100, "jtierney", "meridian"),
    _book("MP-33", "Overlay", _TR, "house", HEDGED, 60, "omarin mlin", "meridian"),
    _book("MP-34", "Euro treasury", _TR, "house", INDEX_TRACKING, 30, "jtierney omarin", "meridian",
          currency="EUR"),
    _book("MP-91", "D. Fuentes, personal", _EX, "personal", PRIVATE, 0.35, "dfuentes", "dfuentes"),
    _book("MP-92", "G. Owusu, personal", _LS, "personal", PRIVATE, 0.3, "gowusu", "gowusu"),
)  # fmt: skip

HALYARD = FirmPlan(
    slug="halyard",
    name="Halyard Capital",
    number=1,
    prefix="HC",
    desks={_CE: "execution", _MM: "market making", _SY: "systematic", _IH: "index and hedging"},
    people=_HALYARD_PEOPLE,
    books=_HALYARD_BOOKS,
    cast=Cast(
        linked=("HC-106", "HC-107"),
        house=("HC-302", "HC-303"),
        client="HC-101",
        unrelated=("HC-102", "HC-104"),
        index="HC-401",
        maker="HC-201",
        personal="HC-901",
        personal_two="HC-902",
        insider="tvarga",
        listed=("BBY", "PFE", "UNH"),
    ),
    # A true weakness for the venue insight to find.
    costly_venue="EDGX",
    costly_bp=3.0,
)
MERIDIAN = FirmPlan(
    slug="meridian",
    name="Meridian Partners",
    number=2,
    prefix="MP",
    desks={_LS: "long-short", _QE: "quantitative", _EX: "execution", _TR: "treasury"},
    people=_MERIDIAN_PEOPLE,
    books=_MERIDIAN_BOOKS,
    cast=Cast(
        linked=("MP-24", "MP-25"),
        house=("MP-04", "MP-11"),
        client="MP-23",
        unrelated=("MP-22", "MP-23"),
        index="MP-32",
        maker="MP-13",
        personal="MP-91",
        personal_two="MP-92",
        insider="dfuentes",
        listed=("GE", "MRK", "HD"),
    ),
)
FIRMS = (HALYARD, MERIDIAN)
