"""Wires pages/social/network.py."""

from typing import Any

from dash import Dash

from app.queries import evidence, network
from callbacks._fill import Drawn, View, fill, nothing
from components.cards import legend
from components.charts.network_map import network_map
from components.formats import number, plural
from components.states import link_button
from components.talk_tables import groups_table, links_table, people_table

PAGE = "social-network"
LISTED = 15
MAP = 380


def register(app: Dash) -> None:
    """Attach this page's callbacks to ``app``."""
    fill(app, PAGE, "together", "Who posts together", ask=network.burst_network, draw=_together)
    fill(app, PAGE, "follows", "Who follows whom", ask=network.follow_network, draw=_follows)
    fill(app, PAGE, "groups", "Groups that post together", ask=_with_symbols, draw=_groups)
    fill(app, PAGE, "links", "Pairs of authors", ask=network.burst_network, draw=_links)
    fill(app, PAGE, "people", "Most followed", ask=network.follow_network, draw=_people)


def _with_symbols(desk: Any) -> tuple[dict[str, Any], dict[str, str]]:
    return network.burst_network(desk), evidence.names(desk)["instrument"]


def _chance(found: dict[str, Any]) -> str:
    return (
        f"{plural(found['pairs'], 'pair')} of posts; by chance {number(found['expected'], 1)}, "
        f"{number(found['highest'])} at most in {number(found['draws'])} draws"
    )


def _none(view: View, found: dict[str, Any]) -> Drawn:
    minutes = number(found["window_s"] / 60)
    if not found["posts"]:
        way = link_button("Import files", "/operations/pipeline")
        return nothing(view, "No posts here", "No post names an instrument: post one, or import a feed.", way)
    why = f"Of {plural(found['posts'], 'post')} no two authors said nearly the same within {minutes} minutes."
    return nothing(view, "Nobody posts together", why)


def _together(found: dict[str, Any], view: View) -> Drawn:
    if not found["edges"]:
        return _none(view, found)
    nodes = [node | {"hover": plural(node["pairs"], "pair") + " of posts"} for node in found["nodes"]]
    words = f"{plural(found['unusual'], 'link')} between authors beyond chance; {_chance(found)}."
    keys = legend(
        ("ln", "acc", "Beyond chance"), ("dia", "acc", "Of the firm"), ("dot", "t3", "Outside"), ("ln", "t3", "As by chance")
    )  # fmt: skip
    return Drawn(
        network_map(
            nodes, found["edges"], look=view.look, height=MAP, size="pairs", strong="unusual", finding=words
        ),
        sub=f"{plural(found['unusual'], 'link')} beyond chance",
        legend=keys,
        footer=_chance(found),
        as_table=links_table(found["rows"], found["names"]),
    )


def _follows(found: dict[str, Any], view: View) -> Drawn:
    if not found["edges"]:
        why = "Nobody follows anybody here, and no follows have been imported."
        return nothing(view, "No ties", why, link_button("Read the feed", "/social/feed"))
    nodes = [
        node | {"hover": f"{plural(node['followers'], 'follower')}, follows {number(node['following'])}"}
        for node in found["nodes"]
    ]
    chance = f"{number(found['mutual'])} follow one another; by chance {number(found['expected_mutual'], 1)}"
    words = f"{plural(found['people'], 'author')}, {plural(found['follows'], 'follow')}; {chance}."
    keys = legend(
        ("ln", "acc", "Follow one another"), ("dia", "acc", "Of the firm"), ("dot", "t3", "Outside"), ("ln", "t3", "One way")
    )  # fmt: skip
    drawn = f"{number(found['drawn'])} of {plural(found['people'], 'author')}, {plural(found['follows'], 'follow')}"
    return Drawn(
        network_map(
            nodes,
            found["edges"],
            look=view.look,
            height=MAP,
            size="followers",
            strong="mutual",
            finding=words,
        ),
        sub=drawn,
        legend=keys,
        footer=chance,
        as_table=people_table(found["rows"]),
    )


def _groups(answer: tuple[dict[str, Any], dict[str, str]], view: View) -> Drawn:
    found, symbols = answer
    if not found["groups"]:
        return _none(view, found)
    return Drawn(
        groups_table(found["groups"][:LISTED], found["names"], symbols),
        sub=f"{plural(len(found['groups']), 'group')} of three authors or more",
        footer="by chance: groups of as many authors when everybody's days are moved",
        fit="flush",
    )


def _links(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return _none(view, found)
    foot = f"of those called beyond chance, at most {number(found['claim'] * 100)} in 100 are chance"
    return Drawn(
        links_table(found["rows"][:LISTED], found["names"]),
        sub=f"{number(min(len(found['rows']), LISTED))} of {number(len(found['rows']))}",
        footer=foot,
        fit="flush",
    )


def _people(found: dict[str, Any], view: View) -> Drawn:
    if not found["rows"]:
        return nothing(view, "No ties", "Nobody follows anybody here, and no follows have been imported.")
    shown = f"{number(min(len(found['rows']), LISTED))} of {number(found['people'])}"
    return Drawn(people_table(found["rows"][:LISTED]), sub=shown, fit="flush")
