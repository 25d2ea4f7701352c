"""Links inside the application: only to pages that exist."""

import dash

from components.safe import safe_url


def leads_somewhere(href: object, role: str | None = None) -> str | None:
    """Return a safe address, unless it is a page of ours that does not exist (yet), or that a role may not open.

    Findings name the page that would explain them; an installation may not have it, and a door that stays shut helps
    nobody.

    Args:
        href: An address, by whomever.
        role: Who would follow it; not asked when None.
    """
    target = safe_url(href)
    if target is None or not target.startswith("/"):
        return target
    path = target.partition("?")[0].partition("#")[0].rstrip("/") or "/"
    entries = [entry.get("page") for entry in dash.page_registry.values()]
    known = [page for page in entries if page is not None and (role is None or page.allows(role))]
    if any(page.path == path for page in known):
        return target
    heads = [page.path_template.partition("<")[0] for page in known if page.path_template]
    return target if any(path.startswith(head) and len(path) > len(head) for head in heads) else None
