"""Graphs of people: where to draw them, and how much of what they show is chance."""

import numpy as np
import polars as pl

_ROUNDS = 150


def positions(size: int, edges: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return where to draw the nodes of a graph: tied ones near, others apart (Fruchterman and Reingold).

    Args:
        size: Number of nodes; the work grows with its square (150 take some 50 ms).
        edges: (m, 2) node numbers.
        seed: The same graph is always drawn the same.

    Returns:
        (size, 2) within -1..1.
    """
    if size == 0:
        return np.zeros((0, 2))
    rng = np.random.default_rng(seed)
    at = rng.uniform(-1, 1, (size, 2))
    ideal = 1.0 / np.sqrt(size)
    i, j = (edges[:, 0], edges[:, 1]) if len(edges) else (np.zeros(0, int), np.zeros(0, int))
    for turn in range(_ROUNDS):
        apart = at[:, None, :] - at[None, :, :]
        far = np.maximum(np.linalg.norm(apart, axis=2), 1e-3)
        push = (apart * (ideal**2 / far**2)[:, :, None]).sum(axis=1)
        pull = np.zeros_like(at)
        along = at[i] - at[j]
        force = along * (np.linalg.norm(along, axis=1) / ideal)[:, None]
        np.add.at(pull, i, -force)
        np.add.at(pull, j, force)
        # The last pull keeps parts that nothing ties together on one sheet.
        step = push + pull - at * ideal
        length = np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
        heat = 0.12 * (1 - turn / _ROUNDS)
        at += step / length * np.minimum(length, heat)
    at -= at.mean(axis=0)
    found: np.ndarray = at / max(float(np.abs(at).max()), 1e-9)
    return found


def standing(follows: pl.DataFrame) -> pl.DataFrame:
    """Return who follows whom after all follows and unfollows: follower_id, followee_id, since.

    Args:
        follows: follower_id, followee_id, transact_time, action (follow, unfollow).
    """
    last = follows.sort("transact_time").group_by("follower_id", "followee_id").last()
    kept = last.filter((pl.col("action") == "follow") & (pl.col("follower_id") != pl.col("followee_id")))
    return kept.select("follower_id", "followee_id", since="transact_time").sort("follower_id", "followee_id")


def mutual(edges: pl.DataFrame) -> tuple[int, float]:
    """Return how many pairs follow one another, and how many would by chance.

    Chance keeps how many each follows and is followed by: the expected number is the sum over pairs of
    (out_i in_j / m) (out_j in_i / m), each factor at most 1.

    Args:
        edges: follower_id, followee_id, each pair once.
    """
    if edges.is_empty():
        return 0, 0.0
    back = edges.select(follower_id="followee_id", followee_id="follower_id")
    both = edges.join(back, on=["follower_id", "followee_id"], how="semi").height // 2
    people = pl.concat([edges["follower_id"], edges["followee_id"]]).unique().sort()
    place = {name: number for number, name in enumerate(people)}
    outward = np.bincount([place[name] for name in edges["follower_id"]], minlength=len(place)).astype(float)
    inward = np.bincount([place[name] for name in edges["followee_id"]], minlength=len(place)).astype(float)
    m = float(edges.height)
    expected = 0.0
    # Row by row: the whole matrix of a large network would not fit.
    for number in range(len(place)):
        there = np.minimum(outward[number] * inward / m, 1.0)
        back_again = np.minimum(outward * inward[number] / m, 1.0)
        expected += float((there * back_again).sum() - there[number] * back_again[number])
    return both, expected / 2
