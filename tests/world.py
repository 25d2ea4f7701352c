"""Two small firms for tests: people of every role, a few trades, and canaries that must not travel."""

import atexit
import io
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import polars as pl

from app.actions import keys, orgs, sessions, users
from app.actions._roles import console
from app.config import Settings
from app.context import Context
from app.jobs import ingest
from app.scope import Identity
from app.storage import schema
from app.storage.database import Database

ROLES = ("trader", "portfolio_manager", "risk", "compliance", "auditor", "admin")
DAY = "2026-11-20"


@dataclass
class Firm:
    """One organisation with its people, and the words that only it knows."""

    slug: str
    canary: str
    people: dict[str, Identity] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def csv(self, dataset: str) -> str:
        """Canonical rows that carry the canary in every name."""
        c = self.canary
        return {
            "instruments": (
                "instrument_id,symbol,name,asset_class,currency,sector\n"
                f"{c}-AAA,{c}A,{c} Alpha,equity,USD,Energy\n{c}-BBB,{c}B,{c} Beta,equity,USD,Financials\n"
            ),
            "accounts": (
                "account_id,name,desk,kind,base_currency,owner_id\n"
                f"{c}-ACC1,{c} One,{c}-desk1,house,USD,{c}-own1\n{c}-ACC2,{c} Two,{c}-desk2,house,USD,{c}-own1\n"
            ),
            "people": f"person_id,name,desk,role\n{c}-jane,{c} Jane,{c}-desk1,trader\n{c}-omar,{c} Omar,{c}-desk2,trader\n",
            "prices": "instrument_id,date,close,currency\n"
            + "".join(
                f"{c}-{name},2026-11-{day:02d},{base + day},USD\n"
                for name, base in (("AAA", 100), ("BBB", 50))
                for day in (16, 17, 18, 19, 20)
            ),
            "cash_flows": (
                "account_id,flow_id,date,kind,amount,currency\n"
                f"{c}-ACC1,{c}-f1,2026-11-16,deposit,100000,USD\n{c}-ACC2,{c}-f2,2026-11-16,deposit,50000,USD\n"
            ),
            "order_events": (
                "order_id,event_seq,event_type,transact_time,instrument_id,account_id,trader_id,side,order_qty,limit_px\n"
                f"{c}-O1,1,new,{DAY}T14:30:00Z,{c}-AAA,{c}-ACC1,{c}-jane,buy,100,120\n"
                f"{c}-O1,2,fill,{DAY}T14:30:01Z,{c}-AAA,{c}-ACC1,{c}-jane,buy,100,120\n"
                f"{c}-O2,1,new,{DAY}T14:30:00Z,{c}-AAA,{c}-ACC2,{c}-omar,sell,100,120\n"
            ),
            "executions": (
                "exec_id,order_id,account_id,trader_id,instrument_id,side,last_qty,last_px,currency,commission,"
                "transact_time,trade_date,venue,match_id,arrival_px\n"
                f"{c}-E1,{c}-O1,{c}-ACC1,{c}-jane,{c}-AAA,buy,100,119.5,USD,1.25,{DAY}T14:30:01Z,{DAY},XNAS,{c}-M1,119.4\n"
                f"{c}-E2,{c}-O2,{c}-ACC2,{c}-omar,{c}-AAA,sell,100,119.5,USD,1.25,{DAY}T14:30:01Z,{DAY},XNAS,{c}-M1,119.4\n"
            ),
            "posts": (
                "post_id,transact_time,author_id,text,instrument_ids\n"
                f"{c}-P1,{DAY}T13:00:00Z,{c}-jane,{c} looks strong: great results,{c}-AAA\n"
            ),
            "messages": (
                "message_id,transact_time,sender_id,recipient_ids,text\n"
                f"{c}-X1,{DAY}T13:00:00Z,{c}-jane,{c}-omar,{c} keep this between us\n"
            ),
        }[dataset]


DATASETS = (
    "instruments", "accounts", "people", "prices", "cash_flows", "order_events", "executions", "posts", "messages",
)  # fmt: skip


@cache
def _new_records() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="quarterdeck-new-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Database(f"sqlite:///{folder}/records.db")
    schema.upgrade(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return folder / "records.db"


def begin(database: Database) -> None:
    """Give new records their schema: in a file by copying what the migrations made once, they take long."""
    if database.sqlite and database.url.database and not Path(database.url.database).exists():
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_new_records(), database.url.database)
    schema.upgrade(database)


def open_context(home: Path, **settings: object) -> Context:
    """Open an installation in ``home`` with its records ready."""
    context = Context.open(Settings.load(home=home, _env_file=None, **settings))
    begin(context.database)
    return context


def bring(
    context: Context, actor: Identity, dataset: str, text: str, folder: Path, **more: object
) -> ingest.ImportResult:
    """Import ``text`` as a canonical CSV file."""
    path = folder / f"{actor.org}-{dataset}-{abs(hash(text))}.csv"
    path.write_text(text)
    return ingest.run(
        context,
        actor,
        ingest.Upload(path=path, filename=f"{actor.name.split()[0]}-{dataset}.csv", dataset=dataset, **more),
    )


def found(context: Context, slug: str, canary: str, folder: Path, *, password: str | None = None) -> Firm:
    """Make one firm: organisation, people with sessions and keys, data, derived positions, alerts."""
    orgs.create(context.database, console(slug), slug=slug, name=f"{canary} Capital")
    firm = Firm(slug, canary)
    boss = console(slug)
    desks = {"trader": [f"{canary}-desk1"], "portfolio_manager": [f"{canary}-desk2"]}
    for role in ROLES:
        user = users.create(
            context.database,
            boss,
            email=f"{role}@{slug}.example",
            name=f"{canary} {role}",
            role=role,
            desks=desks.get(role),
            person_id=f"{canary}-jane" if role == "trader" else None,
            password=password,
        )
        identity = Identity(
            org=slug,
            user_id=user.id,
            name=user.name,
            role=role,
            desks=tuple(desks[role]) if role in desks else None,
        )
        firm.people[role] = identity
        firm.tokens[role] = sessions.open_session(context.database, identity)
        record, firm.keys[role] = keys.create(
            context.database,
            boss,
            name=f"{canary} {role} key",
            role=role,
            scopes=("read", "write", "ingest"),
            desks=desks.get(role),
        )
        firm.ids[f"key:{role}"] = record.id
    for dataset in DATASETS:
        result = bring(context, firm.people["compliance"], dataset, firm.csv(dataset), folder)
        assert result.rejected == 0, result.errors
        firm.ids[f"import:{dataset}"] = result.import_id
    return firm


def frame_of(text: str) -> pl.DataFrame:
    """Read CSV text, every column as text."""
    return pl.read_csv(io.StringIO(text), infer_schema=False)


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
