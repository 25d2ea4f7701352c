"""The helper of ``app.demo.training``: reads settings, then firm and model, a line of JSON each; says ``done``."""

import json
import sys
from contextlib import redirect_stdout

from app.config import Settings
from app.context import Context
from app.jobs.train import train


def main() -> None:
    """Train until nobody asks any more."""
    answers = sys.stdout
    context = None
    with redirect_stdout(sys.stderr):
        for line in sys.stdin:
            asked = json.loads(line)
            if context is None:
                context = Context.open(Settings.load(**asked))
            else:
                train(context, asked["slug"], model=asked["model"])
            print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
