"""Runs that were never trained, their exports, and requests for every signature."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from tests.conftest import B, C, F, H, T, W, Z, small_config
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.export.saved_model import export_saved_model
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.run_config import RunConfig, write_config
from tf_dsae.runs.weights import load, save_weights

S = 2  # Frames of the content, where they differ from those of the motion.
SIGNATURES = (
    *("serving_default", "reconstruct", "encode", "decode"),
    *("swap", "sample_prior", "generate", "score"),
)


def write_run(path, dtype=None, **changes) -> DSAE:
    """A finished run with random weights; the model that a user would load."""
    config = small_config(**changes)
    training = TrainingConfig(preset="none", mixed_precision=dtype is not None, beta_f="0:1|2")
    # As of videos of one's own: where they lie is nobody else's business.
    source = {
        "video_dir": str(path.parent / "my videos"),
        "clips": dataclasses.asdict(ClipSettings()),
    }
    data = {"name": "squares", "fingerprint": "0123", "num_train": 10, "source": source}
    write_config(path, RunConfig(config, training, data))
    save_weights(path, DSAE(config, seed=1, dtype=dtype))
    return load(path)


def random_requests() -> dict[str, dict[str, np.ndarray]]:
    """A request for every signature, of sizes that all differ."""
    rng = np.random.default_rng(0)
    video, content = (rng.integers(0, 256, (B, t, H, W, C), np.uint8) for t in (T, S))
    f, z = (rng.normal(size=size).astype(np.float32) for size in ((B, F), (B, T, Z)))
    seed = np.array([3, -4], np.int32)
    draw = {"seed": seed, "num_videos": np.int32(B), "num_frames": np.int32(T)}
    return {
        "serving_default": {"video": video},
        "reconstruct": {"video": video},
        "encode": {"video": video},
        "decode": {"f": f, "z": z},
        "swap": {"content": content, "motion": video},
        "sample_prior": draw,
        "generate": draw,
        "score": {"video": video, "seed": seed},
    }


def expected_answers(model: DSAE, names=SIGNATURES) -> dict[str, dict[str, np.ndarray]]:
    """What the model in memory answers to `random_requests` under tf.function, B and T open."""

    def encode(video):
        q = model.encode(video)
        names = ("f_mean", "f_stddev", "z_mean", "z_stddev")
        values = (part() for d in q for part in (d.mean, d.stddev))
        return dict(zip(names, values, strict=True))

    def sample_prior(seed, num_videos, num_frames):
        latents = model.sample_prior(num_videos, num_frames, seed)
        return {"f": latents.static, "z": latents.dynamic}

    methods = {
        "serving_default": lambda video: {"video": model.reconstruct(video)},
        "reconstruct": lambda video: {"video": model.reconstruct(video)},
        "encode": encode,
        "decode": lambda f, z: {"video": model.decode(f, z).mean()},
        "swap": lambda content, motion: {"video": model.swap(content, motion)},
        "sample_prior": sample_prior,
        "generate": lambda seed, num_videos, num_frames: {
            "video": model.generate(num_videos, num_frames, seed)
        },
        "score": lambda video, seed: model.elbo(video, seed)._asdict(),
    }
    answers = {}
    for name in names:
        request = random_requests()[name]
        tensors = {key: tf.constant(value) for key, value in request.items()}
        # A graph for one size may round in another order than one for any size.
        specs = {key: tf.TensorSpec(free_sizes(x.shape), x.dtype) for key, x in tensors.items()}
        function = tf.function(methods[name]).get_concrete_function(**specs)
        answers[name] = as_arrays(function(**tensors))
    return answers


def free_sizes(shape) -> list[int | None]:
    """The shape with B and T, or S, left open."""
    free = {5: 2, 3: 2, 2: 1}.get(len(shape), 0)
    return [None] * free + list(shape[free:])


def as_arrays(answer) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in answer.items()}


def assert_same_bits(answer, expected):
    assert set(answer) == set(expected)
    for name, value in expected.items():
        assert answer[name].dtype == np.float32
        np.testing.assert_array_equal(answer[name], value, err_msg=name)


class Server:
    """Feeds a SavedModel as a server in C++ does: no check in Python sees the tensors."""

    def __init__(self, path):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            found = tf.compat.v1.saved_model.load(self.session, ["serve"], str(path))
        self.callables = {name: self._callable(found.signature_def[name]) for name in SIGNATURES}

    def _callable(self, signature):
        options = config_pb2.CallableOptions()
        options.feed.extend(signature.inputs[name].name for name in sorted(signature.inputs))
        names = sorted(signature.outputs)
        options.fetch.extend(signature.outputs[name].name for name in names)
        return names, self.session._make_callable_from_options(options)

    def __call__(self, name, request) -> dict[str, np.ndarray]:
        names, call = self.callables[name]
        return dict(zip(names, call(*(request[key] for key in sorted(request))), strict=True))


@pytest.fixture(scope="session")
def random_run(tmp_path_factory):
    """(the folder of a run, its model)."""
    path = tmp_path_factory.mktemp("runs") / "random"
    return path, write_run(path)


@pytest.fixture(scope="session")
def exported(random_run, tmp_path_factory):
    """The folder of that run's first version."""
    return export_saved_model(random_run[0], tmp_path_factory.mktemp("exports") / "model")


@pytest.fixture(scope="session")
def expected(random_run):
    return expected_answers(random_run[1])


@pytest.fixture(scope="session")
def server(exported):
    return Server(exported)


@pytest.fixture(scope="session")
def loaded(exported):
    return tf.saved_model.load(exported)
