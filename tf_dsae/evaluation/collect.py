"""One pass over held-out videos: generates from each and collects the judges' answers."""

import concurrent.futures
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.core.progress import progress_bar
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.judge import Judges
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.layers.distributions import conditional
from tf_dsae.models.autoencoder import SequenceAutoencoder


class Generated(NamedTuple):
    """Videos [B, T, H, W, C] generated from a batch, float32 in [0, 1].

    reconstruction: f, z ~ q. content_kept: f ~ q, z from its prior. motion_kept: z ~ q and
    f ~ N(0, I). mean_content_kept, mean_motion_kept: these with posterior means for samples of q.
    """

    reconstruction: tf.Tensor
    content_kept: tf.Tensor
    motion_kept: tf.Tensor
    mean_content_kept: tf.Tensor
    mean_motion_kept: tf.Tensor


class Codes(NamedTuple):
    """Posteriors of N videos: means and standard deviations [N, F] and [N, T, Z], with a sample.

    f, z: samples of q. z_loc, z_scale: q(z | .) at the sampled f, which z came from. z_mean: its
    mean at f's mean, another of a full posterior. prior_log_density: log p(z) of each sample of
    z, [N], nats.
    """

    f_mean: np.ndarray
    f_stddev: np.ndarray
    f: np.ndarray
    z_mean: np.ndarray
    z_loc: np.ndarray
    z_scale: np.ndarray
    z: np.ndarray
    prior_log_density: np.ndarray


class Collected(NamedTuple):
    """The results of a pass over N videos.

    elbo: its terms, each [N]; importance_weighted [N] or None. codes: the posteriors. labels:
    factor -> [N]. logits: "data" or a field of Generated -> factor -> [N, K].
    """

    elbo: dict[str, np.ndarray]
    importance_weighted: np.ndarray | None
    codes: Codes
    labels: dict[str, np.ndarray]
    logits: dict[str, dict[str, np.ndarray]]


def _generate(
    model: SequenceAutoencoder, protocol: Protocol, video: tf.Tensor, seed: tf.Tensor
) -> tuple[Generated, dict[str, tf.Tensor], Codes]:
    """Generated videos of a batch, the terms of the objective, [B] each, and the codes."""
    of_posterior, of_prior, of_motion = tf.unstack(tfp.random.split_seed(seed, 3))
    video = model.observations(video)
    posterior, samples = model.sample_posterior(video, of_posterior)
    f, z = samples.static[0], samples.dynamic[0]
    means = model.encode(video)
    prior = model.sample_prior(tf.shape(f)[0], tf.shape(z)[1], of_prior)
    drawn = prior.dynamic
    if protocol.motion_prior == "standard_normal":
        drawn = tf.random.stateless_normal(tf.shape(z), of_motion)
    likelihood = model.decode(samples.static, samples.dynamic)
    terms = model.score_at(video, posterior, samples, likelihood, seed)
    q_z = conditional(posterior.dynamic, samples.dynamic)
    generated = Generated(
        reconstruction=likelihood.mean()[0],
        content_kept=model.decode(f, drawn).mean(),
        motion_kept=model.decode(prior.static, z).mean(),
        mean_content_kept=model.decode(means.static.mean(), drawn).mean(),
        mean_motion_kept=model.decode(prior.static, means.dynamic.mean()).mean(),
    )
    codes = Codes(
        means.static.mean(),
        means.static.stddev(),
        f,
        means.dynamic.mean(),
        tf.reshape(q_z.mean(), tf.shape(z)),
        tf.reshape(q_z.stddev(), tf.shape(z)),
        z,
        tf.reduce_sum(model.dynamic_prior(z).log_prob(z), -1),
    )
    return generated, terms, codes


def collect(
    model: SequenceAutoencoder,
    data: SequenceData,
    judges: Judges,
    protocol: Protocol,
    num_videos: int | None = None,
    show_progress: bool = True,
    devices: Sequence[str] | None = None,
) -> Collected:
    """Generates from every test video, or the first num_videos, and collects the judges' logits.

    Memory holds one batch of videos for each device, and the logits and posteriors of all videos.

    Args:
      judges: of `data`.
      devices: names of those that take batches in turn; how many there are changes no number.
        None: all GPUs.
    """
    if devices is None:
        devices = [device.name for device in tf.config.list_logical_devices("GPU")]
    passes = [_pass_of(model, judges, protocol)]
    for device in devices[1:]:
        with tf.device(device):
            twins = {name: _twin(network) for name, network in judges.networks.items()}
            copy = Judges(data, twins, judges.settings, judges.accuracy)
            passes.append(_pass_of(_twin(model), copy, protocol))
    places = [*devices] or [""]
    batches = enumerate(data.evaluation_batches("test", protocol.batch_size, num_videos))
    count = num_videos or data.num_test
    bar = progress_bar("evaluating", count, show=show_progress)

    def look_on(place: str, look: Callable, numbered: tuple) -> dict[str, Any]:
        with tf.device(place or None):
            return look(*numbered)

    parts: list[dict[str, Any]] = []
    with bar, concurrent.futures.ThreadPoolExecutor(len(passes)) as threads:
        while group := list(itertools.islice(batches, len(passes))):
            parts += threads.map(look_on, places, passes, group)
            bar.update(min(len(group) * protocol.batch_size, count - bar.n))
    return Collected(**_join(parts))


def _twin(network: keras.Model) -> keras.Model:
    """A copy of the network with its weights on the device in scope."""
    twin = type(network).from_config(network.get_config())
    twin.set_weights(network.get_weights())
    return twin


def _pass_of(
    model: SequenceAutoencoder, judges: Judges, protocol: Protocol
) -> Callable[[int, dict[str, tf.Tensor]], dict[str, Any]]:
    """A function from a batch and its number to the fields of Collected."""
    generate = tf.function(lambda video, seed: _generate(model, protocol, video, seed))
    weigh = tf.function(
        lambda video, seed: model.importance_weighted_bound(
            video, seed, protocol.importance_samples
        )
    )

    def look(step: int, batch: dict[str, tf.Tensor]) -> dict[str, Any]:
        seed = tf.constant([protocol.seed, step], tf.int32)
        video = batch.pop("video")
        generated, terms, codes = generate(video, seed)
        clips = {"data": video, **generated._asdict()}
        if protocol.reference == "data":
            del clips["reconstruction"]
        return {
            "elbo": terms,
            "importance_weighted": weigh(video, seed) if protocol.importance_samples else None,
            "codes": codes,
            "labels": batch,
            "logits": {name: judges.logits(made) for name, made in clips.items()},
        }

    return look


def _join(values: list) -> Any:
    """Concatenates what every batch gave, through tuples and dictionaries."""
    return tf.nest.map_structure(
        lambda *parts: (
            None if parts[0] is None else np.concatenate([np.asarray(part) for part in parts])
        ),
        *values,
    )
