"""``detect``, ``train``, ``insights``: the nightly work, on demand."""

import argparse
from datetime import date
from typing import Any

from app.commands._actor import operator_of
from app.commands._output import emit
from app.context import Context
from app.errors import FieldError, Invalid
from app.scope import Identity


def add(subparsers: Any) -> None:
    """Register the commands."""
    detect = subparsers.add_parser(
        "detect", help="run the detectors over an organisation's orders and trades"
    )
    detect.add_argument("org", metavar="ORG")
    detect.add_argument("--from", dest="start", type=_day, help="first day")
    detect.add_argument("--to", dest="end", type=_day, help="last day")
    detect.add_argument("--detector", metavar="NAME", help="only this one")
    detect.set_defaults(run=run_detect)
    train = subparsers.add_parser("train", help="train the models and record their skill")
    train.add_argument("org", metavar="ORG")
    train.add_argument("--model", metavar="NAME", help="only this one")
    train.add_argument(
        "--rollback",
        nargs="?",
        type=int,
        const=0,
        metavar="VERSION",
        help="train nothing: use this version of --model again, or the one in use before",
    )
    train.set_defaults(run=run_train)
    insights = subparsers.add_parser("insights", help="look for insights")
    insights.add_argument("org", metavar="ORG")
    insights.set_defaults(run=run_insights)


def run_detect(args: argparse.Namespace, context: Context) -> int:
    """Run the detectors."""
    from app.jobs.surveil import surveil

    operator_of(context, args.org)
    names = [args.detector] if args.detector else None
    emit(args, surveil(context, args.org, cause="command", detectors=names, start=args.start, end=args.end))
    return 0


def run_train(args: argparse.Namespace, context: Context) -> int:
    """Train the models, or put an earlier version of one in use."""
    from app.jobs.train import train

    actor = operator_of(context, args.org)
    if args.rollback is not None:
        return _roll_back(args, context, actor)
    emit(args, train(context, args.org, model=args.model))
    return 0


def _roll_back(args: argparse.Namespace, context: Context, actor: Identity) -> int:
    from app.actions.models import roll_back
    from app.jobs.predict import predict

    if args.model is None:
        raise Invalid("Say which model: --model NAME.", errors=[FieldError("model", "is needed", None)])
    said = roll_back(context.database, actor, args.model, version=args.rollback or None)
    predict(context, args.org, cause="rollback", model=args.model)
    emit(args, said)
    return 0


def run_insights(args: argparse.Namespace, context: Context) -> int:
    """Look for insights."""
    from app.jobs.insights import refresh_insights

    operator_of(context, args.org)
    emit(args, refresh_insights(context, args.org, cause="command"))
    return 0


def _day(text: str) -> date:
    return date.fromisoformat(text)
