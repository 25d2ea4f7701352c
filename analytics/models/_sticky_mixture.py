"""A Gaussian mixture whose states stay: hidden Markov model with a prior for staying, filtered and never smoothed."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from analytics.models._base import Floats

_STEPS, _ENOUGH = 40, 1e-3  # of the fit: nats in all
_SHRINK = 10.0  # days that a spherical covariance counts as
_EVEN = 10.0  # days of as many yes as no that each state is taken to have shown
_STICKY = 20.0  # days of staying that each state is taken to have shown before any data
_MOVE = 0.5  # ... and of moving to each other state
_LEAST_STAY = 0.9  # a state that lasts less than ten days on average is the shape of a day, not a state


class StickyMixture:
    """States with a mean, a covariance and the chance of a yes each, and chances of moving between them.

    Fitted by expectation and maximisation from given first guesses of who is where. What is said of a day
    rests on that day and the days before it. Source: Rabiner, A tutorial on hidden Markov models, 1989; the
    prior for staying after Fox et al., A sticky HDP-HMM, 2011.
    """

    mean_: Floats
    spread_: Floats
    often_: Floats
    moves_: Floats
    start_: Floats
    aside_: Floats | None = None  # states x (mean, variance) of a number that some days have not got

    def fit(self, x: Floats, yes: Floats, guess: Floats, aside: Floats | None = None) -> Self:
        """Fit on rows in order of time.

        Args:
            x: Days x numbers, finite, about unit scale.
            yes: 1 or 0 by day.
            guess: Days x states, first guesses of the probability of each state.
            aside: One more number by day, NaN where a day has not got it: such a day is judged by the others.
                Within a state it is taken to move on its own.
        """
        states = guess.shape[1]
        weight, moves = guess / guess.sum(axis=1, keepdims=True), np.zeros((states, states))
        before = -np.inf
        for _ in range(_STEPS):
            self._learn(x, yes, weight, moves)
            self.aside_ = None if aside is None else _beside(aside, weight)
            weight, moves, told = self._expect(x, yes, aside)
            if told - before < _ENOUGH:
                break
            before = told
        return self

    def filtered(self, x: Floats, yes: Floats, aside: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the probability of each state by day given all until then, and the log density of each day given all before."""
        likely, top = self._likely(x, yes, aside)
        states, density = self._forward(likely)
        return states, np.log(density) + top

    def dwell(self) -> Floats:
        """Return how many days each state lasts on average."""
        return np.asarray(1 / (1 - np.clip(np.diag(self.moves_), 0.0, 1 - 1e-9)))

    def reorder(self, order: Any) -> Self:
        """Number the states anew."""
        self.mean_, self.spread_, self.often_ = self.mean_[order], self.spread_[order], self.often_[order]
        self.moves_, self.start_ = self.moves_[np.ix_(order, order)], self.start_[order]
        self.aside_ = None if self.aside_ is None else self.aside_[order]
        return self

    def state(self) -> dict[str, Any]:
        """Return what was fitted, JSON-able."""
        kept = {
            name: getattr(self, f"{name}_").tolist() for name in ("mean", "spread", "often", "moves", "start")
        }
        return kept | {"aside": None if self.aside_ is None else self.aside_.tolist()}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Take up what ``state`` gave."""
        made = cls()
        made.mean_, made.spread_ = np.array(state["mean"]), np.array(state["spread"])
        made.often_ = np.array(state["often"])
        made.aside_ = None if state["aside"] is None else np.array(state["aside"])
        made.moves_, made.start_ = np.array(state["moves"]), np.array(state["start"])
        return made

    def _learn(self, x: Floats, yes: Floats, weight: Floats, moves: Floats) -> None:
        states, width = weight.shape[1], x.shape[1]
        total = weight.sum(axis=0)
        self.mean_ = (weight.T @ x) / np.maximum(total, 1e-9)[:, None]
        self.often_ = (weight.T @ yes + _EVEN / 2) / (total + _EVEN)
        self.spread_ = np.empty((states, width, width))
        for k in range(states):
            off = x - self.mean_[k]
            own = (weight[:, k, None] * off).T @ off
            round_ = np.eye(width) * max(float(np.trace(own)) / max(float(total[k]), 1e-9) / width, 1e-3)
            self.spread_[k] = (own + _SHRINK * round_) / (total[k] + _SHRINK)
        prior = np.where(np.eye(states) > 0, _STICKY, _MOVE)
        self.moves_ = _staying((moves + prior) / (moves + prior).sum(axis=1, keepdims=True))
        start = np.full(states, 1 / states)
        for _ in range(500):
            start = start @ self.moves_
        self.start_ = start / start.sum()

    def _likely(self, x: Floats, yes: Floats, aside: Floats | None) -> tuple[Floats, Floats]:
        """Return each day's density by state over the largest of the day, and the logarithm of that."""
        logs = np.empty((x.shape[0], self.mean_.shape[0]))
        for k in range(self.mean_.shape[0]):
            lower = np.linalg.cholesky(self.spread_[k])
            z = np.linalg.solve(lower, (x - self.mean_[k]).T)
            logs[:, k] = (
                -0.5 * (z**2).sum(axis=0) - np.log(np.diag(lower)).sum() - x.shape[1] / 2 * np.log(2 * np.pi)
            )
            logs[:, k] += np.log(np.where(yes > 0, self.often_[k], 1 - self.often_[k]))
            if aside is not None and self.aside_ is not None:
                logs[:, k] += log_normal(aside, *self.aside_[k])
        top = logs.max(axis=1, initial=-np.inf)
        return np.exp(logs - top[:, None]), top

    def _forward(self, likely: Floats) -> tuple[Floats, Floats]:
        # Plain numbers: with a handful of states, arrays of three cost more than they save.
        moves, chance = self.moves_.T.tolist(), self.start_.tolist()
        states, density = [], []
        for row in likely.tolist():
            joint = [
                sum(a * c for a, c in zip(into, chance, strict=True)) * one
                for into, one in zip(moves, row, strict=True)
            ]
            total = sum(joint)
            chance = [one / total for one in joint]
            states.append(chance)
            density.append(total)
        shape = (len(states), self.mean_.shape[0])
        return np.array(states).reshape(shape), np.array(density)

    def _expect(self, x: Floats, yes: Floats, aside: Floats | None) -> tuple[Floats, Floats, float]:
        """Return the probability of each state by day given all days, expected moves, and the log likelihood."""
        likely, top = self._likely(x, yes, aside)
        states, density = self._forward(likely)
        back, moves = [1.0] * states.shape[1], self.moves_.tolist()
        backs = [back]
        for row, total in zip(likely[:0:-1].tolist(), density[:0:-1].tolist(), strict=True):
            ahead = [one * b / total for one, b in zip(row, back, strict=True)]
            back = [sum(a * c for a, c in zip(out, ahead, strict=True)) for out in moves]
            backs.append(back)
        behind = np.array(backs[::-1])
        ahead_all = likely[1:] * behind[1:] / density[1:, None]
        expected = self.moves_ * (states[:-1].T @ ahead_all)
        whole = states * behind
        return whole / whole.sum(axis=1, keepdims=True), expected, float((np.log(density) + top).sum())


def log_normal(x: Floats, mean: float, variance: float) -> Floats:
    """Return the log density of each number; 0 where there is none: such a day tells nothing."""
    found: Floats = -0.5 * ((x - mean) ** 2 / variance + np.log(2 * np.pi * variance))
    return np.where(np.isnan(x), 0.0, found)


def _beside(aside: Floats, weight: Floats) -> Floats:
    """Return states x (mean, variance) over the days that have the number, drawn to those of all by ``_SHRINK`` days."""
    known = ~np.isnan(aside)
    values, own = aside[known], weight[known]
    middle, wide = float(values.mean()), max(float(values.var()), 1e-3)
    total = own.sum(axis=0) + _SHRINK
    mean = (own.T @ values + _SHRINK * middle) / total
    square = np.stack([own[:, k] @ (values - mean[k]) ** 2 for k in range(own.shape[1])])
    return np.column_stack([mean, (square + _SHRINK * wide) / total])


def _staying(moves: Floats) -> Floats:
    """Return chances of moving with each state kept at least ``_LEAST_STAY`` likely to stay."""
    stay = np.maximum(np.diag(moves), _LEAST_STAY)
    away = moves * (1 - np.eye(moves.shape[0]))
    away *= ((1 - stay) / np.maximum(away.sum(axis=1), 1e-12))[:, None]
    return np.asarray(away + np.diag(stay))
