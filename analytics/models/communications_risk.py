"""Communications risk: how likely a line is misconduct, and of which kind, measured on phrases it was not taught."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, ClassVar, Self
from zlib import crc32

import numpy as np
import polars as pl
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from analytics.compliance import _wording
from analytics.compliance._lexicon import FAMILIES
from analytics.compliance._teaching import GOOD, SHIFT, SLOPE, features, filled, fitted, scale
from analytics.models._base import Floats, Model, Tables, Walk
from analytics.models._calibration import reliability

LINES_TABLE = "conduct_lines"  # a table of lines that come with the product
LINES_SCHEMA: dict[str, pl.DataType] = {
    "line_id": pl.String(),
    "date": pl.Date(),
    "family": pl.String(),
    "text": pl.String(),
}
ODDS, DOUBT = 0.5, 0.3  # as D25: from ODDS on it says misconduct, from DOUBT on it does not know
_EPOCH = date(1970, 1, 1)
_DAYS = 200  # phrase families are dealt over
_FURTHER = 15.0  # points of gravity for each further phrase, as D25 counts them
_CLASSES = ("nothing", "talk about rules", "light", "grave")  # what the lexicon alone can tell apart


class CommunicationsRisk(Model):
    """The classifier of detector D25, learnt from the same lines by the same code (``_teaching``), and judged.

    The lines carry no dates: each family of phrases (lines that say the same) is dealt to one of 200 days, so that a
    fold is judged on families none of which it was taught. The kind is told apart by what words stand for and
    by the lexicon's families, among lines of misconduct.
    """

    name = "communications_risk"
    title = "Communications risk"
    version = "1.0.0"
    kind = "probability"
    purpose = "How likely a message is misconduct and of which kind (collusion, inside information, another channel, ...)."
    unit = "probability"
    inputs: ClassVar[Mapping[str, tuple[str, ...]]] = {LINES_TABLE: tuple(LINES_SCHEMA)}
    keys = ("line_id", "date")
    target_name = "whether the line was written as misconduct"
    horizon = 0
    baseline_name = "lexicon"
    metric = "skill in Brier score: 1 - score / score of the lexicon"
    references = (
        "Detector D25, analytics/compliance/detectors/communications.py, which uses the same classifier",
        "Wang and Manning, Baselines and bigrams: simple, good sentiment and topic classification, 2012",
        "Lines: written for this project, under its licence; analytics/compliance/labelled/conduct_lines.csv",
    )
    limits = (
        "English only; nothing but words: the trade a message fits is weighed by detector D25",
        "Learnt from lines that one hand made up: other people's wording is found less often than the record says",
        "Half of the lines are misconduct, of real messages hardly any: the odds rank messages, they are no shares",
        "Kinds that read alike (keeping quiet, changing the channel) are mixed up more often than their odds are wrong",
    )
    # Half of the families teach, a tenth at a time is judged on and then taught as well.
    walk = Walk(first=90, width=18, embargo=0, least=40)
    page = "/compliance/supervision"
    owner = "Surveillance"  # whoever knew how words are read could choose his

    def features(self, tables: Tables) -> pl.DataFrame:
        """Return one row per line: text, what is said with its slots filled, the lexicon's view, ``target``.

        ``baseline`` is how often lines of earlier days were misconduct where the lexicon found as much.
        """
        lines = tables.get(LINES_TABLE, pl.DataFrame(schema=LINES_SCHEMA)).select(list(LINES_SCHEMA))
        lines = lines.sort("date", "line_id")
        said = [filled([one], times=1, seed=crc32(one.encode()), spoil=0.0)[0] for one in lines["text"]]
        rows = lines.with_columns(
            said=pl.Series(said, dtype=pl.String),
            target=(pl.col("family") != GOOD).cast(pl.Float64),
        )
        rows = rows.with_columns(_lexicon(rows["said"]))
        return rows.with_columns(baseline=_so_far(rows)).select(
            "line_id", "date", "family", "text", "said", "gravity", "phrases", "words", "baseline", "target"
        )

    def fit(self, rows: pl.DataFrame) -> Self:
        """Learn from lines.

        Raises:
            ValueError: Without lines of both kinds.
        """
        if rows["target"].n_unique() < 2:
            raise ValueError("there must be innocent lines and such of misconduct")
        bad = rows["target"] == 1.0
        texts = filled(rows.filter(bad)["text"].to_list(), times=4, seed=1)
        taught = len(texts)
        texts += filled(rows.filter(~bad)["text"].to_list(), times=4, seed=2)
        labels = [1] * taught + [0] * (len(texts) - taught)
        self.odds_ = fitted(features(texts), labels, slope=SLOPE, shift=SHIFT)
        self.kinds_ = _kinds_of(rows.filter(bad))
        return self

    def predict(self, rows: pl.DataFrame) -> Floats:
        """Return the odds of misconduct, 0 to 1, as detector D25 reckons them."""
        frame = _frame(rows["said"])
        found = _wording.odds(frame, _wording.families_of(frame), self.odds_["weights"], self.odds_["bias"])
        told = frame.select("row").join(found, on="row", how="left", maintain_order="left")["p"]
        odds: Floats = told.fill_null(0.0).to_numpy().astype(np.float64)
        return odds

    def families(self, rows: pl.DataFrame) -> list[str | None]:
        """Return the kind each line would be, were it misconduct; None where its words stand for nothing known."""
        kinds = self.kinds_
        out: list[str | None] = []
        for seen in _shape(rows["said"].to_list()):
            sums = {
                name: kinds["bias"][name] + sum(v * weights.get(f, 0.0) for f, v in seen.items())
                for name, weights in kinds["weights"].items()
            }
            out.append(max(sorted(sums), key=sums.__getitem__) if seen and sums else None)
        return out

    def judge(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return what every model does, with ``family``, ``told`` (the family found, of misconduct) and ``lexicon``.

        The lexicon calls misconduct where it finds a phrase outside of talk about rules.
        """
        bad = rows["target"] == 1.0
        told = [
            kind if so else None
            for kind, so in zip(self.families(rows), bad.fill_null(value=False), strict=True)
        ]
        return (
            super()
            .judge(rows)
            .with_columns(
                rows["family"], pl.Series("told", told, dtype=pl.String), lexicon=rows["gravity"] > 0
            )
        )

    def latest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return odds of the last day's lines, their kind, and what is said of them: misconduct, unsure or clean.

        It abstains between doubt and odds, where D25 wants a trade or a grave phrase beside the words.
        """
        found = super().latest(rows)
        now = found.select(self.keys).join(rows, on=list(self.keys), how="left", maintain_order="left")
        p = pl.col("predicted")
        call = pl.when(p >= ODDS).then(pl.lit("misconduct")).when(p >= DOUBT).then(pl.lit("unsure"))
        return found.with_columns(
            family=pl.Series(self.families(now), dtype=pl.String), call=call.otherwise(pl.lit("clean"))
        ).with_columns(family=pl.when(p >= DOUBT).then("family"))

    def drivers(self, rows: pl.DataFrame) -> list[str]:
        """Watch what the lexicon finds and how long lines are."""
        return ["gravity", "phrases", "words"]

    def calibration(self, tested: pl.DataFrame) -> dict[str, Any]:
        """Return reliability, F1 of model and lexicon on phrase families not taught, and how the kinds were told apart.

        Beside ``reliability``: ``model`` and ``lexicon`` (f1, precision, recall; the lexicon calls misconduct what it
        finds outside of talk about rules), ``unsure`` (share between doubt and odds), ``kinds`` (accuracy,
        macro_f1, n; of the lines of misconduct), ``families`` (each family's recall and n).
        """
        from sklearn.metrics import accuracy_score, f1_score

        so = tested["target"].to_numpy() == 1.0
        p = tested["predicted"].to_numpy()
        bad = tested.filter(pl.col("target") == 1.0)
        told, family = bad["told"].fill_null("").to_list(), bad["family"].to_list()
        found = bad.group_by("family").agg(
            recall=(pl.col("predicted") >= ODDS).mean().round(6), n=pl.len().cast(pl.Int64)
        )
        return reliability(tested) | {
            "model": _called(p >= ODDS, so),
            "lexicon": _called(tested["lexicon"].to_numpy(), so),
            "unsure": round(float(((p >= DOUBT) & (p < ODDS)).mean()), 6) if len(p) else None,
            "kinds": {
                "accuracy": round(float(accuracy_score(family, told)), 6) if family else None,
                "macro_f1": round(float(f1_score(family, told, labels=sorted(set(family)), average="macro")), 6)
                if family
                else None,
                "n": len(family),
            },
            "families": {row["family"]: {"recall": row["recall"], "n": row["n"]} for row in found.sort("family").to_dicts()},
        }  # fmt: skip

    def reasons(self, rows: pl.DataFrame) -> list[list[dict[str, Any]]]:
        """Return, per line, the three words, phrases or meanings that moved its odds most, in log odds."""
        weights = self.odds_["weights"]
        out = []
        for seen in features(rows["said"].to_list()):
            parts = {name: value * weights.get(name, 0.0) / scale(name) for name, value in seen.items()}
            pieces = {name: part for name, part in parts.items() if part and not name.startswith("#")}
            top = sorted(pieces, key=lambda name: (-abs(pieces[name]), name))[:3]
            told = [
                {"feature": name, "words": _words(name), "contribution": round(pieces[name], 6), "unit": "log odds"}
                for name in top
            ]  # fmt: skip
            blank = {
                "feature": "",
                "words": "no further word matters",
                "contribution": 0.0,
                "unit": "log odds",
            }
            out.append(told + [blank] * (3 - len(told)))
        return out

    def state(self) -> dict[str, Any]:
        """Return the fitted state, JSON-able."""
        return {"version": self.version, "odds": self.odds_, "kinds": self.kinds_}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that ``state`` described."""
        model = cls.begun(state)
        model.odds_, model.kinds_ = state["odds"], state["kinds"]
        return model


def dealt(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines (family, phrase_family, text) as ``LINES_SCHEMA``: each phrase family whole on one day.

    Lines that are word for word the same come to the same day, whatever their families are called.
    """
    first = lines["phrase_family"].unique(maintain_order=True)
    home = dict(zip(first, first, strict=True))
    once: dict[str, str] = {}
    for group, text in lines.select("phrase_family", "text").iter_rows():
        home[group] = home[once.setdefault(text, group)]
    days = [crc32(f"{home[group]} day".encode()) % _DAYS for group in lines["phrase_family"]]
    return lines.select(
        pl.Series("line_id", [f"L{at:06d}" for at in range(lines.height)], dtype=pl.String),
        pl.Series("date", [_EPOCH + timedelta(days=day) for day in days], dtype=pl.Date),
        "family",
        "text",
    )


# --- the lexicon alone -------------------------------------------------------------------------------
def _frame(said: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"text": said}).with_row_index("row").with_columns(new=_wording.new_text())
    frame = frame.with_columns(plain=_wording.plain(pl.col("new")))
    return frame.with_columns(
        hits=_wording.hits(pl.col("plain")), rules=_wording.about_rules(pl.col("plain"))
    )


def _lexicon(said: pl.Series) -> pl.DataFrame:
    """Return gravity (0..100, as D25 counts it), phrases found, words, and the class the lexicon puts a line in."""
    frame = _frame(said)
    worth = {name: family.weight for name, family in FAMILIES.items()}
    found = _wording.families_of(frame).with_columns(
        gravest=pl.col("families").list.eval(pl.element().replace_strict(worth, default=0.0)).list.max(),
        count=pl.col("phrases").list.len().cast(pl.Float64),
    )
    rows = frame.join(found, on="row", how="left", maintain_order="left").with_columns(
        pl.col("gravest", "count").fill_null(0.0)
    )
    gravity = (
        pl.when(pl.col("rules"))
        .then(0.0)
        .otherwise(
            (pl.col("gravest") + _FURTHER * (pl.col("count") - 1).clip(lower_bound=0.0)).clip(0.0, 100.0)
        )
    )
    seen = (
        pl.when(pl.col("count") == 0)
        .then(0)
        .when(pl.col("rules"))
        .then(1)
        .when(gravity < 70.0)
        .then(2)
        .otherwise(3)
    )
    return rows.select(
        gravity=gravity,
        phrases="count",
        words=pl.col("plain").str.split(" ").list.len().cast(pl.Float64),
        seen=seen,
    )


def _so_far(rows: pl.DataFrame) -> pl.Series:
    """Return, per row, the share of misconduct among earlier days' lines of the same class, one half added each way."""
    daily = (
        rows.group_by("seen", "date")
        .agg(bad=pl.col("target").sum(), n=pl.len().cast(pl.Float64))
        .sort("date")
    )
    before = daily.with_columns(
        (pl.col(name).cum_sum() - pl.col(name)).over("seen", order_by="date").alias(name)
        for name in ("bad", "n")
    )
    joined = rows.join(before, on=["seen", "date"], how="left", maintain_order="left")
    return ((joined["bad"] + 0.5) / (joined["n"] + 1.0)).alias("baseline")


# --- which kind --------------------------------------------------------------------------------------
def _shape(texts: list[str]) -> list[dict[str, float]]:
    """Return what words stand for and the lexicon's families alone: what carries over to words nobody taught."""
    return [{name: 1.0 for name in seen if name.startswith(("c:", "family:"))} for seen in features(texts)]


def _kinds_of(bad: pl.DataFrame) -> dict[str, Any]:
    """Return biases and weights by kind, learnt from lines of misconduct; of one kind alone no weights."""
    labels = bad["family"].to_list()
    names = sorted(set(labels))
    if len(names) < 2:
        return {"bias": dict.fromkeys(names, 0.0), "weights": {name: {} for name in names}}
    vectors = DictVectorizer(sort=True)
    x = vectors.fit_transform(_shape(filled(bad["text"].to_list(), times=1, seed=3, spoil=0.0)))
    model = LogisticRegression(C=1.0, max_iter=2000, class_weight="balanced").fit(x, labels)
    features_ = vectors.get_feature_names_out().tolist()
    # Of two kinds scikit-learn keeps one row: the odds of the second.
    rows = model.coef_ if len(names) > 2 else np.vstack([-model.coef_, model.coef_])
    bias = model.intercept_ if len(names) > 2 else np.array([-model.intercept_[0], model.intercept_[0]])
    return {
        "bias": {name: round(float(b), 6) for name, b in zip(names, bias, strict=True)},
        "weights": {
            name: {f: round(float(w), 6) for f, w in zip(features_, row, strict=True)}
            for name, row in zip(names, rows, strict=True)
        },
    }


# --- words -------------------------------------------------------------------------------------------
@cache
def _words(feature: str) -> str:
    kind, _, name = feature.partition(":")
    if kind == "c":
        return f"speaks of {name.replace('_', ' ')}"
    if kind == "family":
        return f"a phrase of {FAMILIES[name].title}" if name in FAMILIES else f"a phrase of {name}"
    if feature == "context:rules":
        return "speaks of rules, training or news of fines"
    if feature == "phrases:many":
        return "more than one phrase of the lexicon"
    return f"says “{feature}”"


def _called(called: Any, so: Any) -> dict[str, float | None]:
    hits = int((called & so).sum())
    said, were = int(called.sum()), int(so.sum())
    return {
        "f1": round(2 * hits / (said + were), 6) if said + were else None,
        "precision": round(hits / said, 6) if said else None,
        "recall": round(hits / were, 6) if were else None,
    }
