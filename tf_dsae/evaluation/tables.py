"""The tables of an evaluation, as blocks of a report."""

import math
from collections.abc import Callable

from tf_dsae.evaluation.results import LATENTS, Baseline, Evaluation
from tf_dsae.metrics.information import Information
from tf_dsae.reports.blocks import Cell, Table

_NONE = "\N{EN DASH}"
BOUND = {
    "elbo": "ELBO",
    "log_likelihood": "log-likelihood",
    "static_kl": "KL of f",
    "dynamic_kl": "KL of z",
    "importance_weighted": "importance-weighted bound",
}
INCEPTION = {
    "inception_score": "inception score",
    "entropy_y_given_x": "H(y | x), nats",
    "entropy_y": "H(y), nats",
}
INFORMATION = {
    "mutual_information": "mutual information with x",
    "aggregate_gap": "aggregate posterior to prior",
    "mean_kl": "mean KL",
}


def percent(fraction: float | None) -> str:
    """A fraction in [0, 1] as a percentage of three digits."""
    if fraction is None or not math.isfinite(fraction):
        return _NONE
    value = 100 * fraction
    return f"{value:.2f}%" if value < 9.995 else f"{value:.1f}%"


def number(value: float | None) -> str:
    """A number, such as nats, with three places, or one if it is large."""
    if value is None or not math.isfinite(value):
        return _NONE
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def interval(ends: tuple[float, float] | None, show: Callable[[float], str] = percent) -> str:
    """An interval (lo, hi) in few characters; "" for none."""
    if not ends:
        return ""
    low, high = map(show, ends)
    return f"{low.removesuffix('%')}\N{EN DASH}{high}"


def select_baselines(evaluation: Evaluation) -> dict[str, dict[str, Baseline]]:
    """The published tables of the evaluation's data set that have one of its factors."""
    return {
        name: rows
        for name, rows in evaluation.baselines.items()
        if set(rows) & set(evaluation.table)
    }


# --- The paper's table.


def disagreement_table(evaluation: Evaluation) -> Table:
    """How often a factor changes although the latent that should hold it is kept."""
    published = select_baselines(evaluation)
    rows: list[list[Cell | str]] = []
    for factor, row in evaluation.table.items():
        ours = Cell(percent(row.disagreement), interval(row.disagreement_ci))
        theirs = [
            percent(table[factor].disagreement if factor in table else None)
            for table in published.values()
        ]
        rows.append([factor, evaluation.kept_latent(factor), ours, *theirs])
    notes = (
        "Share of the videos for which the judge names another class once the other latent is "
        "drawn anew; lower is better, 0 means that the kept latent holds the factor. Small: 95% "
        "intervals over clusters, such as characters; one has no width if all clusters agree."
    )
    if published:
        notes += " Published figures are by other judges."
    return Table(["factor", "kept", "this run", *published], rows, "Disagreement", notes)


def kl_table(evaluation: Evaluation) -> Table:
    """How far the judge's probabilities move, beside what they would at random."""
    published = {
        name: rows
        for name, rows in select_baselines(evaluation).items()
        if any(row.kl_recon is not None for row in rows.values())
    }
    rows: list[list[Cell | str]] = []
    for factor, row in evaluation.table.items():
        cells: list[Cell | str] = [
            Cell(number(row.kl_recon), interval(row.kl_recon_ci, number)),
            number(row.kl_random),
        ]
        for table in published.values():
            theirs = table.get(factor)
            cells += [number(theirs and theirs.kl_recon), number(theirs and theirs.kl_random)]
        rows.append([factor, *cells])
    head = ["factor"]
    for name in ("this run", *published):
        head += [f"{name}: KL-recon", f"{name}: KL-random"]
    notes = (
        "KL of the judge's class probabilities from those of the reference, nats: KL-recon of the "
        "generated video, KL-random of a uniform guess. Both grow with the sureness of a judge, so "
        "that only their ratio can be compared with other judges' figures: KL-recon should be far "
        "below KL-random."
    )
    return Table(head, rows, "KL divergence of the judge's probabilities", notes)


# --- True labels.


def accuracy_table(evaluation: Evaluation) -> Table:
    """How often the judge sees the true class when the other latent is drawn anew."""
    judges = evaluation.judges
    rows = [
        [
            factor,
            evaluation.kept_latent(factor),
            percent(accuracy),
            percent(judges[factor].accuracy if factor in judges else None),
        ]
        for factor, accuracy in evaluation.protocol.accuracies.items()
    ]
    notes = (
        "Share of the videos whose true class the judge names, the kept latent at its posterior "
        "mean and the other drawn from its prior; higher is better, and the judge on real videos "
        "is the ceiling."
    )
    head = ["factor", "kept", "accuracy", "judge on real videos"]
    return Table(head, rows, "Accuracy against true labels", notes)


def inception_table(evaluation: Evaluation) -> Table:
    """How sure the motion judge is of generated videos, and how many motions it sees."""
    better = {"entropy_y_given_x": "lower"}
    rows = [
        [title, number(getattr(evaluation.protocol, name)), better.get(name, "higher")]
        for name, title in INCEPTION.items()
    ]
    notes = (
        "The motion judge on videos with z kept and f drawn, equally many of each motion. H(y | x) "
        "is small if the judge is sure of each video, H(y) is large if it sees all motions, and "
        "the inception score combines both."
    )
    return Table(["measure", "value", "better"], rows, "Certainty and diversity", notes)


# --- The latents.


def probe_table(evaluation: Evaluation) -> Table:
    """What can be read from f alone and from z alone."""
    probe = evaluation.latents.probe
    chance = probe.get("chance", {})
    rows: list[list[Cell | str]] = []
    for factor in probe["static"]:
        least = chance.get(factor, 0.0)
        cells = [
            Cell(percent(value), shade=max(value - least, 0) / max(1 - least, 1e-9))
            for value in (probe[latent][factor] for latent in LATENTS)
        ]
        rows.append([factor, *cells, percent(chance.get(factor))])
    notes = (
        "Test accuracy of a linear classifier that sees f only, or the mean of z over time; a "
        "stronger colour is further above chance. In a good split f tells the static factors, z "
        "the dynamic ones, and everything else is at chance."
    )
    return Table(["factor", "from f", "from z", "chance"], rows, "Where each factor went", notes)


def scores(evaluation: Evaluation) -> dict[str, float]:
    """MIG, SAP and the three of DCI, by name; DCI needs two factors."""
    latents = evaluation.latents
    dci = latents.dci._asdict() if latents.dci else {}
    dci = {f"DCI {name}": value for name, value in dci.items()}
    return {"MIG": latents.mig, "SAP": latents.sap, **dci}


def scores_table(evaluation: Evaluation) -> Table:
    """The field's scores of a code."""
    rows = [[name, number(value)] for name, value in scores(evaluation).items()]
    notes = (
        "Of f beside the mean of z over time, from 0 to 1, higher is better: whether single "
        "numbers of the code stand for single factors (Chen et al. 2018; Kumar et al. 2018; "
        "Eastwood and Williams 2018)."
    )
    return Table(["score", "value"], rows, "Scores of the code", notes)


def bound_terms(evaluation: Evaluation) -> dict[str, float]:
    """The bound, its terms and added terms, by their names in tables."""
    terms = evaluation.elbo
    names = [name for name in BOUND if name in terms]
    names += [name for name in terms if name not in BOUND]
    return {BOUND.get(name, name): terms[name] for name in names}


def bound_table(evaluation: Evaluation) -> Table:
    """The bound and its terms."""
    rows = [[title, number(value)] for title, value in bound_terms(evaluation).items()]
    notes = (
        "Means over the held-out videos: ELBO = log-likelihood less both KLs, a lower bound on "
        "log p(x); the importance-weighted bound is a tighter one."
    )
    return Table(["term", "nats per video"], rows, "The bound", notes)


def information_of(evaluation: Evaluation) -> dict[str, Information]:
    """The mean KLs, split, of the latents of which that is known."""
    parts = evaluation.information._asdict() if evaluation.information else {}
    return {latent: of for latent, of in parts.items() if of is not None}


def information_table(evaluation: Evaluation) -> Table:
    """The mean KLs, split; a table without rows if there are none."""
    rows = [
        [LATENTS[latent], *(number(getattr(parts, name)) for name in INFORMATION)]
        for latent, parts in information_of(evaluation).items()
    ]
    most = number(math.log(evaluation.num_videos))
    notes = (
        "Nats per video; mean KL = mutual information + the KL from the aggregate posterior to the "
        "prior, both from the mixture of all videos' posteriors and one sample of each. The first "
        "is the information of the latent about a video; its estimate is at most the logarithm of "
        f"the number of videos, {most}. The second is the distance of prior samples from what the "
        "decoder knows; when the first is near its limit, the second is an upper bound."
    )
    return Table(["latent", *INFORMATION.values()], rows, "Information in the latents", notes)
