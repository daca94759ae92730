"""The evaluation of one model: from collected judgements and posteriors to an `Evaluation`."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.collect import Codes, Collected, collect
from tf_dsae.evaluation.interfaces import EvaluatedModel, JudgesLike
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
from tf_dsae.metrics.disentanglement import LabelledCodes, LatentScores, measure_latents
from tf_dsae.metrics.inception import accuracy, balance_classes, measure_inception
from tf_dsae.metrics.information import COLLAPSED_KL, measure_information

# Training videos whose codes the probes learn from.
PROBE_VIDEOS = 3000


def measure_model(
    model: EvaluatedModel,
    data: SequenceData,
    judges: JudgesLike,
    protocol: Protocol | None = None,
    num_videos: int | None = None,
    show_progress: bool = True,
    **facts: Any,
) -> Evaluation:
    """Evaluates a model on the test videos, or on the first num_videos of them.

    Args:
      model: trained on `data`.
      judges: of `data`.
      facts: fields of the evaluation that do not come from the model, such as `weights`.

    Raises:
      UserError: data without labels, or fewer test videos than a factor has classes.
    """
    protocol = protocol or Protocol()
    check_factors(data, num_videos)
    collected = collect(model, data, judges, protocol, num_videos, show_progress)
    terms = dict(collected.elbo)
    if collected.importance_weighted is not None:
        terms["importance_weighted"] = collected.importance_weighted
    elbo = {name: float(np.mean(values)) for name, values in terms.items()}
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
        information=_information(collected.codes),
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
    """Raises UserError if the data have no labels, or too few test videos for them."""
    if not data.factors:
        raise UserError(
            f"{data.name}: expected factors with labels to evaluate by, found none; give labels"
        )
    count = min(data.num_test, num_videos or data.num_test)
    most = max(data.factors, key=lambda name: len(data.factors[name]))
    if count < len(data.factors[most]):
        raise UserError(
            f"{data.name}: expected at least as many test videos as {most} has classes, "
            f"{len(data.factors[most])}, received {count}; evaluate more videos"
        )
    test_labels = {name: labels[:count] for name, labels in data.load_split("test").labels.items()}
    for name in data.factors:
        if name not in test_labels or len(np.unique(test_labels[name])) < 2:
            raise UserError(
                f"{data.name}: expected test videos of at least 2 classes of {name}, received "
                f"{len(np.unique(test_labels.get(name, [])))}; evaluate more videos, or give labels"
            )
    if len(np.unique(characters(data, test_labels))) < 2:
        raise UserError(
            f"{data.name}: expected test videos of at least 2 characters, received 1; evaluate "
            "more videos"
        )


def static_factors(data: SequenceData) -> list[str]:
    """The static factors."""
    return [name for name in data.factors if name not in data.dynamic_factors]


def characters(data: SequenceData, labels: dict[str, np.ndarray]) -> np.ndarray:
    """The character of each video, by its static factors: [N] whole numbers."""
    return data.cluster_labels(labels)


def _kept(data: SequenceData, name: str) -> str:
    return "motion_kept" if name in data.dynamic_factors else "content_kept"


def _table(data: SequenceData, collected: Collected, protocol: Protocol) -> dict[str, Disagreement]:
    """The paper's Tables 1 and 2."""
    reference = collected.logits[protocol.reference]
    groups = characters(data, collected.labels)
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


def _codes(f_mean: np.ndarray, z_mean: np.ndarray) -> dict[str, np.ndarray]:
    return {"static": f_mean, "dynamic": z_mean.mean(1)}


def _latents(
    model: EvaluatedModel, data: SequenceData, collected: Collected, protocol: Protocol
) -> LatentScores:
    """MIG, DCI, SAP and probes of posterior means: f, and the mean of z over time."""
    chosen = np.random.default_rng(protocol.seed).permutation(data.num_train)[:PROBE_VIDEOS]
    encode = tf.function(
        lambda video: [of.mean() for of in model.encode(video)],
        input_signature=[tf.TensorSpec([None, None, *model.config.frame_shape], tf.uint8)],
    )
    parts = [
        [of.numpy() for of in encode(data.examples("train", indices)["video"])]
        for indices in np.array_split(chosen, -(-len(chosen) // protocol.batch_size))
    ]
    f_mean, z_mean = (np.concatenate(part) for part in zip(*parts, strict=True))
    train = LabelledCodes(_codes(f_mean, z_mean), data.labels("train", chosen))
    codes = collected.codes
    test = LabelledCodes(_codes(codes.f_mean, codes.z_mean), collected.labels)
    return measure_latents(train, test, protocol.seed)


def _information(codes: Codes) -> LatentInformation:
    def flat(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1)

    static = measure_information(codes.f_mean, codes.f_stddev, codes.f)
    dynamic = measure_information(
        flat(codes.z_loc), flat(codes.z_scale), flat(codes.z), codes.prior_log_density
    )
    return LatentInformation(static, dynamic)
