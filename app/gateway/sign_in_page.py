"""The sign-in page as HTML: no Dash, so that nothing of Dash is reached by anybody unknown."""

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from app.gateway.vendored import head_links, mark


@dataclass(frozen=True)
class DemoAccount:
    """One sign-in of a demo organisation."""

    organisation: str
    email: str
    role: str


def page(
    *,
    email: str = "",
    organisation: str = "",
    error: str | None = None,
    notice: str | None = None,
    target: str = "/",
    ask_organisation: bool = False,
    demo: Sequence[DemoAccount] = (),
) -> str:
    """Return the page.

    Args:
        email: What was typed before; shown again.
        organisation: Likewise.
        error: What went wrong and what follows.
        notice: What was done: signed out.
        target: Where to go afterwards; a local path.
        ask_organisation: Show the organisation field opened.
        demo: Demo sign-ins to offer.
    """
    return f"""<!doctype html>
<html lang="en" data-bs-theme="dark"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Quarterdeck</title>{head_links()}</head>
<body><main class="signin" data-page="sign-in">
<section class="signin-form-side">
<div class="signin-brand">{mark()}Quarterdeck</div>
<form class="signin-form" method="post" action="/sign-in" data-card="sign-in" data-state="{"error" if error else "ready"}">
<h1>Sign in</h1><p class="lead">One place for trades, risk, alerts and the talk around them.</p>
{_banner(error, notice)}
<input type="hidden" name="next" value="{escape(target)}">
<label for="email">Work email</label>
<input class="form-control" id="email" name="email" type="email" autocomplete="username" required maxlength="320"
 value="{escape(email)}"{"" if email else " autofocus"}>
<label for="password">Password</label>
<input class="form-control" id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="1000"{" autofocus" if email else ""}>
<details class="mb-3"{" open" if ask_organisation or organisation else ""}><summary class="hint">Organisation</summary>
<label for="organisation">Short name, only if your email is known to several</label>
<input class="form-control" id="organisation" name="organisation" autocomplete="organization" maxlength="63"
 value="{escape(organisation)}"></details>
<button class="btn btn-primary" type="submit">Sign in</button>
<p class="hint">Sessions end after 8 hours without use and after 24 hours at the latest.</p>
{_demo(demo, target)}
</form>
<div class="signin-foot"><span>Password forgotten? Ask your administrator.</span>
<span class="text-nowrap">All use is logged</span></div>
</section>
<aside class="signin-art" aria-hidden="true">{_art()}<p>The trade, the risk, the alert and the chatter, in one place.</p></aside>
</main></body></html>"""


def _banner(error: str | None, notice: str | None) -> str:
    if error:
        icon = '<i class="bi bi-exclamation-octagon" aria-hidden="true"></i>'
        return f'<div class="banner err" role="alert">{icon}<div>{escape(error)}</div></div>'
    if notice:
        icon = '<i class="bi bi-check-circle" aria-hidden="true"></i>'
        return f'<div class="banner good" role="status">{icon}<div>{escape(notice)}</div></div>'
    return ""


def _demo(accounts: Sequence[DemoAccount], target: str) -> str:
    if not accounts:
        return ""
    shown = "".join(
        f'<li><a href="/sign-in?{escape(urlencode({"email": account.email, "next": target}))}">'
        f"{escape(account.email)}</a> {escape(account.role.replace('_', ' '))}, {escape(account.organisation)}</li>"
        for account in accounts
    )
    return (
        f'<details class="hint" data-demo-accounts="{len(accounts)}"><summary>Demo sign-ins</summary>'
        f"<p>The password was printed when the demo was made.</p><ul>{shown}</ul></details>"
    )


@functools.cache
def _art() -> str:
    """Return price paths as quiet lines, one of them in the brand's colour; the same for everybody."""
    dice = random.Random(1798)
    lines = []
    for row in range(16):
        level, points = 120.0 + 34 * row, []
        for step in range(0, 961, 20):
            level += dice.gauss(-0.25, 1.6 + step / 200)
            points.append(f"{step},{level:.0f}")
        kind = "lead-line" if row == 5 else "quiet"
        faint = "" if row == 5 else f' opacity="{0.2 + 0.5 * (1 - abs(row - 5) / 12):.2f}"'
        lines.append(f'<polyline class="{kind}"{faint} points="{" ".join(points)}"/>')
    return f'<svg viewBox="0 0 960 900" preserveAspectRatio="xMidYMid slice">{"".join(lines)}</svg>'
