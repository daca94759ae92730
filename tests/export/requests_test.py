"""Requests that do not fit: an error that names the input, and the server goes on."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, C, F, H, T, W, Z, small_config
from tests.export.conftest import SIGNATURES, assert_same_bits, random_requests
from tf_dsae.export.signatures import largest_draw
from tf_dsae.export.warmup import example_requests

_VIDEO_SHAPES = {
    "transposed": (B, T, W, H, C),  # As many numbers: nothing but a check sees it.
    "size": (B, T, H, W - 1, C),
    "twice the size": (B, T, 2 * H, W, C),
    "channels": (B, T, H, W, 1),
    "channels first": (B, T, C, H, W),
    "no frame": (B, 0, H, W, C),
    "no video": (0, T, H, W, C),
    "one video": (T, H, W, C),
    "rank 6": (1, B, T, H, W, C),
    "nothing": (),
}
_VIDEO_INPUTS = [
    ("serving_default", "video"),
    ("reconstruct", "video"),
    ("encode", "video"),
    ("swap", "content"),
    ("swap", "motion"),
    ("score", "video"),
]


def assert_refused(server, loaded, name, changes, *words):
    request = random_requests()[name] | changes
    with pytest.raises(tf.errors.InvalidArgumentError) as failure:
        server(name, request)
    for word in words:
        assert word in str(failure.value)
    with pytest.raises(tf.errors.InvalidArgumentError) as failure:
        loaded.signatures[name](**{key: tf.constant(value) for key, value in request.items()})
    assert any(key in str(failure.value) for key in changes)


@pytest.fixture(scope="module", autouse=True)
def still_serving(server, expected):
    """After all of that, every signature answers as before."""
    yield
    for name in SIGNATURES:
        assert_same_bits(server(name, random_requests()[name]), expected[name])


@pytest.mark.parametrize("wrong", _VIDEO_SHAPES)
@pytest.mark.parametrize(("name", "key"), _VIDEO_INPUTS)
def test_videos_of_another_shape(server, loaded, name, key, wrong):
    shape = _VIDEO_SHAPES[wrong]
    received = "[" + " ".join(map(str, shape)) + "]"
    frames = "S" if key == "content" else "T"
    expected = f"[B, {frames}, {H}, {W}, {C}] with B and {frames} of at least 1"
    text = f"{key}: expected the shape {expected}, received] {received}"
    assert_refused(server, loaded, name, {key: np.zeros(shape, np.uint8)}, text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"f": (B, F + 1)},
            f"f: expected the shape [B, {F}] with B of at least 1, received] [3 8]",
        ),
        ({"f": (B, 1, F)}, f"f: expected the shape [B, {F}]"),
        ({"f": (0, F), "z": (0, T, Z)}, "expected the shape"),
        ({"z": (B, T, Z - 1)}, f"z: expected the shape [B, T, {Z}] with B and T of at least 1"),
        ({"z": (B, 0, Z)}, f"z: expected the shape [B, T, {Z}]"),
        ({"z": (B, Z)}, f"received] [{B} {Z}]"),
        ({"f": (B + 1, F)}, f"f and z: expected the same B in each, received] [{B + 1} {B}]"),
        ({"f": (1, F)}, f"f and z: expected the same B in each, received] [1 {B}]"),
    ],
)
def test_latents_of_another_shape(server, loaded, changes, words):
    changes = {key: np.zeros(shape, np.float32) for key, shape in changes.items()}
    assert_refused(server, loaded, "decode", changes, words)


@pytest.mark.parametrize("key", ["f", "z"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_latents_that_are_no_numbers(server, loaded, key, value):
    latents = random_requests()["decode"][key].copy()
    latents[1, ..., 2] = value
    assert_refused(server, loaded, "decode", {key: latents}, f"{key}: expected finite numbers")


def test_as_many_contents_as_motions(server, loaded):
    motion = random_requests()["swap"]["motion"]
    for count in (1, B - 1):
        text = f"content and motion: expected the same B in each, received] [{B} {count}]"
        assert_refused(server, loaded, "swap", {"motion": motion[:count]}, text)


@pytest.mark.parametrize("name", ["sample_prior", "generate"])
@pytest.mark.parametrize("key", ["num_videos", "num_frames"])
def test_counts(server, loaded, name, key):
    for value in (0, -1, -(2**31)):
        changes = {key: np.int32(value)}
        assert_refused(
            server, loaded, name, changes, f"{key}: expected at least 1, received] [{value}]"
        )
    for value in ([1], [], [[2]]):
        changes = {key: np.array(value, np.int32)}
        assert_refused(server, loaded, name, changes, f"{key}: expected the shape [], received")


@pytest.mark.parametrize("name", ["sample_prior", "generate"])
def test_draws_that_are_too_large(server, loaded, name):
    most = largest_draw(small_config())
    assert most == 2**26 // (H * W * C)
    for videos, frames in ((1, most + 1), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (2**16, 2**16)):
        changes = {"num_videos": np.int32(videos), "num_frames": np.int32(frames)}
        text = f"num_videos x num_frames: expected at most {most} frames, received] [{videos} "
        assert_refused(server, loaded, name, changes, text)


@pytest.mark.parametrize("name", ["sample_prior", "generate", "score"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (0,)])
def test_seeds_of_another_shape(server, loaded, name, shape):
    changes = {"seed": np.ones(shape, np.int32)}
    assert_refused(server, loaded, name, changes, "seed: expected the shape [2], received")


@pytest.mark.parametrize("name", SIGNATURES)
def test_other_types(server, loaded, name):
    for key, value in random_requests()[name].items():
        request = random_requests()[name] | {key: value.astype(np.float64)}
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"Type mismatch.*[^.]*{key}"):
            server(name, request)
        with pytest.raises(tf.errors.InvalidArgumentError):
            loaded.signatures[name](**{name: tf.constant(x) for name, x in request.items()})


def test_example_requests_are_answered(server):
    for name, request in example_requests(small_config()).items():
        assert all(np.isfinite(value).all() for value in server(name, request).values())
