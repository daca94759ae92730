"""The evaluation of one model: from collected judgements and posteriors to an `Evaluation`."""

import dataclasses
from typing import Any

import numpy as np

from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.collect import Codes, Collected, collect, encode_means
from tf_dsae.evaluation.judge import Judges
from tf_dsae.evaluation.judge_training import check_labels
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.evaluation.results import (
    Baseline,
    Collapsed,
    Evaluation,
    JudgeScore,
    KeptFactors,
    LatentInformation,
)
from tf_dsae.metrics.disagreement import Disagreement, measure_disagreement
from tf_dsae.metrics.disentanglement import measure_latents
from tf_dsae.metrics.inception import accuracy, balance_classes, measure_inception
from tf_dsae.metrics.information import COLLAPSED_KL, measure_information
from tf_dsae.metrics.latent_scores import LabelledCodes, LatentScores
from tf_dsae.models.autoencoder import SequenceAutoencoder

# Training videos whose codes the probes learn from.
PROBE_VIDEOS = 3000


def measure_model(
    model: SequenceAutoencoder,
    data: SequenceData,
    judges: Judges,
    protocol: Protocol | None = None,
    num_videos: int | None = None,
    show_progress: bool = True,
    **facts: Any,
) -> Evaluation:
    """Evaluates a model on the test videos, or on the first num_videos of them.

    `facts` are fields of the evaluation that do not come from the model, such as `weights`.
    UserError as `check_factors` raises it.
    """
    protocol = protocol or Protocol()
    check_factors(data, num_videos)
    collected = collect(model, data, judges, protocol, num_videos, show_progress)
    elbo = {name: float(np.mean(values)) for name, values in collected.elbo.items()}
    return Evaluation(
        dataset=data.name,
        fingerprint=data.fingerprint,
        num_videos=len(collected.codes.f),
        **{field.name: getattr(protocol, field.name) for field in dataclasses.fields(protocol)},
        elbo=elbo,
        judges_digest=judges.digest(),
        judges={name: JudgeScore(value) for name, value in judges.accuracy.items()},
        table=_table(data, collected, protocol),
        protocol=_field_protocol(data, collected, protocol),
        latents=_latents(model, data, collected, protocol),
        information=_information(model, data, collected.codes),
        collapsed=Collapsed(
            static=elbo["static_kl"] < COLLAPSED_KL, dynamic=elbo["dynamic_kl"] < COLLAPSED_KL
        ),
        baselines={
            name: {factor: Baseline(**row) for factor, row in rows.items()}
            for name, rows in data.baselines.items()
        },
        **facts,
    )


def check_factors(data: SequenceData, num_videos: int | None = None) -> None:
    """Raises UserError where the data have no labels, or too few test videos for them."""
    count = min(data.num_test, num_videos or data.num_test)
    check_labels(data, "test", count)
    labels = {name: of_all[:count] for name, of_all in data.load_split("test").labels.items()}
    counted = {f"classes of {name}": labels[name] for name in data.factors}
    counted["clusters"] = data.cluster_labels(labels)
    for what, values in counted.items():
        if (received := len(np.unique(values))) < 2:
            raise UserError(
                f"{data.name}: expected test videos of at least 2 {what}, received {received}; "
                "evaluate more videos"
            )


def _kept(data: SequenceData, name: str) -> str:
    return "motion_kept" if name in data.dynamic_factors else "content_kept"


def _table(data: SequenceData, collected: Collected, protocol: Protocol) -> dict[str, Disagreement]:
    """The paper's Tables 1 and 2."""
    reference = collected.logits[protocol.reference]
    groups = data.cluster_labels(collected.labels)
    return {
        name: measure_disagreement(
            reference[name],
            collected.logits[_kept(data, name)][name],
            groups,
            seed=protocol.seed,
        )
        for name in data.factors
    }


def _field_protocol(data: SequenceData, collected: Collected, protocol: Protocol) -> KeptFactors:
    """C-DSVAE's protocol: true labels, posterior means."""
    kept_factors = KeptFactors({}, {})
    for name in data.factors:
        kept = _kept(data, name)
        logits = collected.logits[f"mean_{kept}"][name]
        getattr(kept_factors, kept)[name] = accuracy(logits, collected.labels[name])
    if not data.dynamic_factors:
        return kept_factors
    motion = data.dynamic_factors[0]
    chosen = balance_classes(collected.labels[motion], protocol.seed)
    logits = collected.logits["mean_motion_kept"][motion][chosen]
    return kept_factors._replace(**measure_inception(logits)._asdict())


def _latents(
    model: SequenceAutoencoder, data: SequenceData, collected: Collected, protocol: Protocol
) -> LatentScores:
    """MIG, DCI, SAP and probes of posterior means: f, and the mean of z over time."""
    chosen = np.random.default_rng(protocol.seed).permutation(data.num_train)[:PROBE_VIDEOS]
    f, z = encode_means(model, data, "train", chosen, protocol.batch_size)
    train = LabelledCodes({"static": f, "dynamic": z}, data.labels("train", chosen))
    codes = {"static": collected.codes.f_mean, "dynamic": collected.codes.z_mean.mean(1)}
    test = LabelledCodes(codes, collected.labels)
    return measure_latents(train, test, protocol.seed)


def _information(model: SequenceAutoencoder, data: SequenceData, codes: Codes) -> LatentInformation:
    def flat(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1)

    static = measure_information(codes.f_mean, codes.f_stddev, codes.f)
    # The mixture over videos needs q(z | x) of every video at the samples of every other, which is
    # at hand only where the z_t are independent of each other.
    if hasattr(model.encode(data.examples("test", [0])["video"]).dynamic, "conditional"):
        return LatentInformation(static, None)
    dynamic = measure_information(
        flat(codes.z_loc), flat(codes.z_scale), flat(codes.z), codes.prior_log_density
    )
    return LatentInformation(static, dynamic)
