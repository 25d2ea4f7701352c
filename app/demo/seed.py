"""Bring the demo firms in: organisations, people and lists by the actions, files by the import job."""

import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.actions import lists, orgs, users
from app.actions._roles import console, system
from app.context import Context
from app.demo.files import write
from app.demo.firm import NOTICE, Firm, Login
from app.demo.firms import FIRMS
from app.demo.generate import Size, generate
from app.demo.reference import logins
from app.demo.training import Training
from app.errors import BadSettings, Conflict, Invalid, NotFound
from app.scope import Identity
from app.storage import schema
from app.storage.records.people import Organisation

# Known to everybody, which is why production refuses the demo altogether.
PASSWORD = "quarterdeck-demo"  # noqa: S105
OFFICE = {"zone": "America/New_York"}  # deadlines are counted in its business days
Progress = Callable[[str], None]


@dataclass(frozen=True)
class SignIn:
    """One printed demo account."""

    organisation: str
    email: str
    role: str
    name: str


@dataclass(frozen=True)
class Seeded:
    """What was made."""

    sign_ins: tuple[SignIn, ...]
    password: str
    rows: dict[str, dict[str, int]]  # organisation to data set to rows
    seconds: dict[str, float]  # step to time taken
    skipped: tuple[str, ...]  # organisations that were there already


def seed_demo(
    context: Context,
    *,
    seed: int,
    size: Size,
    reset: bool,
    today: date,
    progress: Progress,
) -> Seeded:
    """Make the demo organisations.

    Args:
        context: The installation's stores.
        seed: Of every random draw.
        size: ``full`` or ``small``.
        reset: Remove demo organisations that exist and make them anew.
        today: The last session is the one before this day.
        progress: Told what happens next.

    Returns:
        Sign-ins of every demo organisation, and what was imported in which time.

    Raises:
        BadSettings: In production mode.
        Conflict: If an organisation that is no demo has a demo's slug.
    """
    if context.settings.production:
        raise BadSettings("Demo organisations have a known password: production mode refuses them.")
    schema.upgrade(context.database)
    run = _Seeding(context, progress)
    missing = {plan.slug for plan in FIRMS if run.prepare(plan.slug, reset=reset)}
    if missing:
        # A small demo's models are learnt before another process has begun.
        with Training(context, helped=size == "full") as training:
            run.bring_all_in(generate(seed, size, today, only=missing), training, seed=seed)
    return run.summary()


class _Seeding:
    def __init__(self, context: Context, progress: Progress) -> None:
        self.context, self.progress = context, progress
        self.seconds: dict[str, float] = {}
        self.rows: dict[str, dict[str, int]] = {}
        self.skipped: list[str] = []

    def note(self, step: str, began: float) -> None:
        self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - began, 3)

    def summary(self) -> Seeded:
        people = tuple(
            SignIn(plan.name, who.email, who.role, who.name) for plan in FIRMS for who in logins(plan)
        )
        return Seeded(people, PASSWORD, self.rows, self.seconds, tuple(self.skipped))

    def prepare(self, slug: str, *, reset: bool) -> bool:
        """Return whether the organisation is to be made; removes one that is half made or unwanted."""
        try:
            found = orgs.find(self.context.database, slug)
        except NotFound:
            return True
        if not found.demo:
            raise Conflict(f"The organisation {slug!r} exists and is no demo: it is left alone.")
        if complete(found) and not reset:
            self.skipped.append(slug)
            return False
        self.progress(f"{slug}: removing what was there")
        context, root = self.context, self.context.settings.root
        # Tables made anew count their versions from the start, so answers kept by version must go too.
        folders = [root / "artifacts" / slug, root / "cache" / "answers", root / "cache" / "features" / slug]
        orgs.delete(context.database, console(slug), slug, stores=(context.lake,), folders=folders)
        return True

    def bring_all_in(self, firms: Iterable[Firm], training: Training, *, seed: int) -> None:
        """Make the firms; a firm's models begin to learn while the next one is made."""
        actors: dict[str, Identity] = {}
        began = time.perf_counter()
        for firm in firms:
            self.note("generate", began)
            actors[firm.slug] = self._bring_in(firm, seed=seed)
            training.begin(firm.slug)
            began = time.perf_counter()
        self.progress("train")
        training.finish()
        self.note("train", began)
        for slug, actor in actors.items():
            self._complete(slug, actor, seed=seed)

    def _bring_in(self, firm: Firm, *, seed: int) -> Identity:
        began = time.perf_counter()
        actor = self._organisation(firm)
        self.note("people", began)
        began = time.perf_counter()
        self._import(firm, actor)
        self.note("import", began)
        self._work(firm, seed=seed)
        keep_labels(self.context.settings.root, firm)
        return actor

    def _complete(self, slug: str, actor: Identity, *, seed: int) -> None:
        from app.jobs.insights import refresh_insights

        self.progress(f"{slug}: insights")
        began = time.perf_counter()
        refresh_insights(self.context, slug, cause="demo")
        self.note("insights", began)
        settings = OFFICE | {"notice": NOTICE, "demo": {"seed": seed, "complete": True}}
        orgs.set_settings(self.context.database, actor, settings)

    def _organisation(self, firm: Firm) -> Identity:
        self.progress(f"{firm.slug}: organisation and people")
        database, actor = self.context.database, console(firm.slug)
        orgs.create(database, actor, slug=firm.slug, name=firm.name, currency=firm.currency, demo=True)
        for who in firm.logins:
            _user(self.context, actor, who)
        control_room = replace(system(firm.slug, "Demo"), role="compliance")
        for entry in firm.lists:
            for person in entry.person_ids or (None,):
                lists.add(
                    database, control_room, kind=entry.kind, instrument_id=entry.instrument_id,
                    person_id=person, reason=entry.reason, valid_from=entry.start, valid_to=entry.end,
                )  # fmt: skip
        return replace(actor, currency=firm.currency, org_name=firm.name, demo=True)

    def _import(self, firm: Firm, actor: Identity) -> None:
        from app.jobs import ingest

        rows: dict[str, int] = {}
        with tempfile.TemporaryDirectory(prefix="quarterdeck-demo-") as folder:
            for name, path in write(firm, Path(folder)).items():
                self.progress(f"{firm.slug}: {name}")
                result = ingest.run(
                    self.context, actor, ingest.Upload(path=path, filename=path.name, dataset=name)
                )
                if result.rejected:
                    first = result.errors[0] if result.errors else {}
                    raise Invalid(
                        f"The demo's {name} file had {result.rejected} rows rejected: {dict(first)}"
                    )
                rows[name] = result.accepted
        self.rows[firm.slug] = rows

    def _work(self, firm: Firm, *, seed: int) -> None:
        from app.demo.ideas import put_forward
        from app.demo.limits import set_limits
        from app.demo.rooms import talk, talk_about_alerts
        from app.jobs.derive import derive
        from app.jobs.screening import screen_all
        from app.jobs.surveil import surveil

        slug = firm.slug
        steps: dict[str, Callable[[], Any]] = {
            "derive": lambda: derive(self.context, slug, cause="demo"),
            "limits": lambda: set_limits(self.context, firm),
            "ideas": lambda: put_forward(
                self.context, slug, listed=[entry.instrument_id for entry in firm.lists], seed=seed
            ),
            "rooms": lambda: talk(self.context, firm),
            "screening": lambda: screen_all(self.context, slug, cause="demo"),
            "surveil": lambda: surveil(self.context, slug, cause="demo"),
            "alert talk": lambda: talk_about_alerts(self.context, firm),
        }
        for name, step in steps.items():
            self.progress(f"{slug}: {name}")
            began = time.perf_counter()
            step()
            self.note(name, began)


def complete(organisation: Organisation) -> bool:
    """Return whether a demo organisation was made to the end."""
    return bool(organisation.settings.get("demo", {}).get("complete"))


def keep_labels(root: Path, firm: Firm) -> Path:
    """Write what was planted to ``<home>/demo/labels/<slug>.json``, where no detector looks."""
    folder = root / "demo" / "labels"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{firm.slug}.json"
    path.write_text(json.dumps([asdict(label) for label in firm.labels], default=_iso, indent=1) + "\n")
    return path


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _user(context: Context, actor: Identity, who: Login) -> None:
    users.create(
        context.database,
        actor,
        email=who.email,
        name=who.name,
        role=who.role,
        desks=who.desks if who.role in users.NARROWED else None,
        password=PASSWORD,
        person_id=who.person_id,
    )
