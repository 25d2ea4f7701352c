"""Who follows whom, and who posts the same at the same time: graphs with what chance would bring."""

from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import select

from analytics.datasets import FOLLOWS, INSTRUMENTS, PEOPLE, POSTS
from analytics.social.coordination import CLAIM, WINDOW_S, coordination
from analytics.social.graph import mutual, positions, standing
from app.desk import Desk
from app.queries._said import RECORDS, toned
from app.storage.cache import cached
from app.storage.records.rooms import UserFollow

DRAWN = 120  # people of one graph; the most followed, the most tied
LISTED = 200  # rows of a table


@cached(FOLLOWS, PEOPLE, records=("follows",))
def follow_network(desk: Desk) -> dict[str, Any]:
    """Return who follows whom at the end of the scope: imported follows and those made here.

    Returns:
        people, follows, mutual (pairs who follow one another), expected_mutual (by chance, with as many follows
        each), drawn; nodes (id, name, followers, following, inside: whether one of the firm's people, x, y within
        -1..1) and edges (a follows b, mutual) among those drawn: the most followed; and rows: the table of all,
        at most ``LISTED``, most followed first.
    """
    edges = standing(_follows(desk))
    both, expected = mutual(edges)
    people = _standing_of(edges).head(LISTED)
    names = _names(desk)
    drawn = people.head(DRAWN)["id"].to_list()
    among = edges.filter(pl.col("follower_id").is_in(drawn) & pl.col("followee_id").is_in(drawn))
    pairs = set(among.select("follower_id", "followee_id").iter_rows())
    links = [{"a": a, "b": b, "mutual": (b, a) in pairs} for a, b in sorted(pairs)]
    rows = [
        row | {"name": names.get(row["id"], row["id"]), "inside": row["id"] in names}
        for row in people.to_dicts()
    ]
    return {
        "people": _standing_of(edges).height, "follows": edges.height, "mutual": both, "expected_mutual": expected,
        "drawn": len(drawn), "nodes": _placed(rows[: len(drawn)], links), "edges": links, "rows": rows,
    }  # fmt: skip


@cached(POSTS, INSTRUMENTS, PEOPLE, records=(RECORDS,))
def burst_network(desk: Desk) -> dict[str, Any]:
    """Return who posted nearly the same about the same instrument within ten minutes, against chance.

    Returns:
        pairs (of posts), expected (by chance: mean of the draws), highest (in one draw), draws, posts, authors,
        window_s, claim (share of unusual links that may be chance), unusual (links); nodes (id, name, pairs,
        inside, x, y) and edges (a, b, pairs, crowd, q, unusual) of what is drawn: unusual links first;
        groups (instrument_id, start, end, posts, authors, text, post_ids, expected:
        groups of as many authors by chance), newest first; and rows: all links, at
        most ``LISTED``.
    """
    told = (
        toned(desk).explode("instrument_ids", empty_as_null=True).rename({"instrument_ids": "instrument_id"})
    )
    told = told.filter(pl.col("instrument_id").is_not_null())
    if desk.scope.instrument:
        told = told.filter(pl.col("instrument_id").is_in(list(desk.scope.instrument)))
    found = coordination(told.select("post_id", "author_id", "transact_time", "text", "instrument_id"))
    names = _names(desk)
    rows = found.links.head(LISTED).to_dicts()
    unusual = [row for row in rows if row["unusual"]]
    weights: dict[str, int] = {}
    edges = []
    for row in unusual or rows:
        if len({*weights, row["a"], row["b"]}) > DRAWN:
            break
        edges.append(row)
        for who in (row["a"], row["b"]):
            weights[who] = weights.get(who, 0) + row["pairs"]
    nodes = [
        {"id": who, "name": names.get(who, who), "pairs": count, "inside": who in names}
        for who, count in weights.items()
    ]
    return {
        "pairs": found.pairs, "expected": found.expected, "highest": found.highest, "draws": found.draws,
        "posts": found.posts, "authors": found.authors, "window_s": WINDOW_S, "claim": CLAIM,
        "unusual": int(found.links["unusual"].sum()), "nodes": _placed(nodes, edges), "edges": edges,
        "groups": found.groups.head(LISTED).to_dicts(), "rows": rows, "names": names,
    }  # fmt: skip


# --- steps -------------------------------------------------------------------------------------------
def _follows(desk: Desk) -> pl.DataFrame:
    columns = ("follower_id", "followee_id", "transact_time", "action")
    # The network is what stands at the end of the scope, not what was begun within it.
    rows = desk.with_scope(start=None).rows(FOLLOWS, scoped=False).select(columns)
    with desk.session() as session:
        made = list(session.scalars(select(UserFollow).where(UserFollow.kind == "author")))
    if not made:
        return desk.collect(rows)
    own = pl.DataFrame(
        [(row.follower_id, row.target_id, row.since, "follow") for row in made],
        schema={name: FOLLOWS.schema[name] for name in columns},
        orient="row",
    )
    return pl.concat([desk.collect(rows), own])


def _standing_of(edges: pl.DataFrame) -> pl.DataFrame:
    """Return id, followers and following of everybody, most followed first."""
    inward = edges.group_by(id="followee_id").agg(followers=pl.len().cast(pl.Int64))
    outward = edges.group_by(id="follower_id").agg(following=pl.len().cast(pl.Int64))
    both = inward.join(outward, on="id", how="full", coalesce=True).with_columns(
        pl.col("followers", "following").fill_null(0)
    )
    return both.sort("followers", "following", "id", descending=[True, True, False])


def _names(desk: Desk) -> dict[str, str]:
    rows = desk.collect(desk.rows(PEOPLE, scoped=False).select("person_id", "name"))
    return {person: name or person for person, name in rows.iter_rows()}


def _placed(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    place = {node["id"]: number for number, node in enumerate(nodes)}
    ties = np.array([(place[edge["a"]], place[edge["b"]]) for edge in edges], dtype=np.int64).reshape(-1, 2)
    at = positions(len(nodes), ties)
    return [node | {"x": float(x), "y": float(y)} for node, (x, y) in zip(nodes, at, strict=True)]
