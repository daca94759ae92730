"""The evaluation of one model: from collected judgements and posteriors to evaluation.json."""

from typing import Any

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.collect import Codes, Collected, collect
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.metrics.disagreement import measure_disagreement
from tf_dsae.metrics.disentanglement import LabelledCodes, measure_latents
from tf_dsae.metrics.inception import accuracy, class_balanced, measure_inception
from tf_dsae.metrics.information import measure_information
from tf_dsae.models.dsae import DSAE

# A posterior fell on its prior when it keeps less than this of a video, nats.
COLLAPSED = 0.5
# Training videos whose codes the probes learn from.
PROBE_VIDEOS = 3000


def evaluate(
    model: DSAE,
    data: SequenceData,
    judges: Any,
    protocol: Protocol | None = None,
    num_videos: int | None = None,
    show_progress: bool = True,
) -> dict[str, Any]:
    """Everything that evaluation.json holds, of the test videos or the first num_videos of them.

    Args:
      model: trained on `data`.
      judges: Judges of `data`, or what has their `classes`, `accuracy` and `logits`.

    Returns:
      Plain numbers; fractions in [0, 1], nats per video.

    Raises:
      UserError: data without labels, or fewer test videos than a factor has classes.
    """
    protocol = protocol or Protocol()
    check_factors(data, num_videos)
    collected = collect(model, data, judges, protocol, num_videos, show_progress)
    terms = collected.elbo._asdict()
    if collected.importance_weighted is not None:
        terms["importance_weighted"] = collected.importance_weighted
    elbo = {name: float(np.mean(values)) for name, values in terms.items()}
    information = _information(collected.codes)
    return {
        "dataset": data.name,
        "fingerprint": data.fingerprint,
        "num_videos": len(collected.codes.f),
        "seed": protocol.seed,
        "reference": protocol.reference,
        "motion_prior": protocol.motion_prior,
        "importance_samples": protocol.importance_samples,
        "elbo": elbo,
        "judges_digest": judges.digest(),
        "judges": {name: {"accuracy": value} for name, value in judges.accuracy.items()},
        "table": _table(data, collected, protocol),
        "protocol": _field_protocol(data, collected, protocol),
        "latents": _latents(model, data, collected, protocol),
        "information": information,
        "collapsed": {
            "static": elbo["static_kl"] < COLLAPSED,
            "dynamic": elbo["dynamic_kl"] < COLLAPSED,
        },
    }


def check_factors(data: SequenceData, num_videos: int | None = None) -> None:
    """Raises UserError where the data have no labels, or too few test videos for them."""
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
    held = {name: labels[:count] for name, labels in data.load_split("test").labels.items()}
    for name in data.factors:
        if name not in held or len(np.unique(held[name])) < 2:
            raise UserError(
                f"{data.name}: expected test videos of at least 2 classes of {name}, received "
                f"{len(np.unique(held.get(name, [])))}; evaluate more videos, or give labels"
            )
    if len(np.unique(characters(data, held))) < 2:
        raise UserError(
            f"{data.name}: expected test videos of at least 2 characters, received 1; evaluate "
            "more videos"
        )


def static_factors(data: SequenceData) -> list[str]:
    """The factors that say what stays."""
    return [name for name in data.factors if name not in data.dynamic_factors]


def characters(data: SequenceData, labels: dict[str, np.ndarray]) -> np.ndarray:
    """Which videos show the same character, all static factors alike: [N] whole numbers."""
    return data.cluster_labels(labels)


def _kept(data: SequenceData, name: str) -> str:
    return "motion_kept" if name in data.dynamic_factors else "content_kept"


def _table(data: SequenceData, collected: Collected, protocol: Protocol) -> dict[str, Any]:
    """The paper's Tables 1 and 2."""
    reference = collected.logits[protocol.reference]
    groups = characters(data, collected.labels)
    return {
        name: measure_disagreement(
            reference[name],
            collected.logits[_kept(data, name)][name],
            groups,
            seed=protocol.seed,
        )._asdict()
        for name in data.factors
    }


def _field_protocol(data: SequenceData, collected: Collected, protocol: Protocol) -> dict[str, Any]:
    """C-DSVAE's protocol: true labels, posterior means."""
    found: dict[str, Any] = {"content_kept": {}, "motion_kept": {}}
    for name in data.factors:
        kept = _kept(data, name)
        logits = collected.logits[f"mean_{kept}"][name]
        found[kept][name] = accuracy(logits, collected.labels[name])
    if data.dynamic_factors:
        motion = data.dynamic_factors[0]
        chosen = class_balanced(collected.labels[motion], protocol.seed)
        logits = collected.logits["mean_motion_kept"][motion][chosen]
        found |= measure_inception(logits)._asdict()
    return found


def _codes(f_mean: np.ndarray, z_mean: np.ndarray) -> dict[str, np.ndarray]:
    return {"static": f_mean, "dynamic": z_mean.mean(1)}


def _latents(
    model: DSAE, data: SequenceData, collected: Collected, protocol: Protocol
) -> dict[str, Any]:
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
    held = collected.codes
    test = LabelledCodes(_codes(held.f_mean, held.z_mean), collected.labels)
    return measure_latents(train, test, protocol.seed)


def _information(codes: Codes) -> dict[str, dict[str, float]]:
    def flat(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1)

    static = measure_information(codes.f_mean, codes.f_stddev, codes.f)
    dynamic = measure_information(
        flat(codes.z_loc), flat(codes.z_scale), flat(codes.z), codes.prior_log_density
    )
    return {"static": static._asdict(), "dynamic": dynamic._asdict()}
