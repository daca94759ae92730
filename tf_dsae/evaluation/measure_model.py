"""The evaluation of one model: from collected judgements and posteriors to an `Evaluation`."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.collect import Codes, Collected, collect
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
    """Raises UserError where the data have no labels, or too few test videos for them."""
    count = min(data.num_test, num_videos or data.num_test)
    check_labels(data, "test", count)
    labels = {name: of_all[:count] for name, of_all in data.load_split("test").labels.items()}
    counted = {f"classes of {name}": labels[name] for name in data.factors}
    counted["characters"] = data.cluster_labels(labels)
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


def _codes(f_mean: np.ndarray, z_mean: np.ndarray) -> dict[str, np.ndarray]:
    return {"static": f_mean, "dynamic": z_mean.mean(1)}


def _latents(
    model: SequenceAutoencoder, data: SequenceData, collected: Collected, protocol: Protocol
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
