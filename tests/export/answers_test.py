"""An exported model answers to the bit as the model in memory, with TensorFlow alone."""

import importlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.tools import saved_model_cli

from tests.conftest import B, C, F, H, T, W, Z, small_config
from tests.export.conftest import (
    SIGNATURES,
    Server,
    as_arrays,
    assert_same_bits,
    expected_answers,
    random_requests,
    write_run,
)
from tf_dsae.export.saved_model import save_signatures
from tf_dsae.export.signatures import signatures
from tf_dsae.layers.sublayers import flatten_layers
from tf_dsae.runs.run_config import CONFIG, read_config
from tf_dsae.runs.weights import load

# A program of someone else's: it has TensorFlow and nothing of what made the model.
_BARE = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *others):
        if name.split(".")[0] in ("keras", "tf_keras", "tensorflow_probability", "tf_dsae"):
            return None
        return self.finder.find_spec(name, *others)

sys.meta_path = [Without(finder) for finder in sys.meta_path]
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
answers = {}
for missing in ("keras", "tensorflow_probability", "tf_dsae"):
    try:
        __import__(missing)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{missing} is there")
with np.load(sys.argv[2]) as requests:
    for name, call in model.signatures.items():
        inputs = {k.split("/")[1]: requests[k] for k in requests if k.split("/")[0] == name}
        answer = call(**{key: tf.constant(value) for key, value in inputs.items()})
        answers |= {f"{name}/{key}": value.numpy() for key, value in answer.items()}
np.savez(sys.argv[3], **answers)
"""


def ask(loaded, name, request):
    tensors = {key: tf.constant(value) for key, value in request.items()}
    return as_arrays(loaded.signatures[name](**tensors))


def test_a_process_with_tensorflow_alone_gives_the_same_bits(exported, expected, tmp_path):
    flat = {f"{n}/{k}": v for n, request in random_requests().items() for k, v in request.items()}
    np.savez(tmp_path / "requests.npz", **flat)
    paths = [str(exported), str(tmp_path / "requests.npz"), str(tmp_path / "answers.npz")]
    done = subprocess.run(
        [sys.executable, "-c", _BARE, *paths], capture_output=True, text=True, cwd="/", timeout=200
    )
    assert done.returncode == 0, done.stderr
    with np.load(paths[2]) as answers:
        assert {name.split("/")[0] for name in answers} == set(SIGNATURES)
        for name in SIGNATURES:
            keys = [key for key in answers if key.split("/")[0] == name]
            assert_same_bits({key.split("/")[1]: answers[key] for key in keys}, expected[name])


@pytest.mark.parametrize("name", SIGNATURES)
def test_servers_and_python_give_the_same_bits(server, loaded, expected, name):
    request = random_requests()[name]
    assert_same_bits(ask(loaded, name, request), expected[name])
    assert_same_bits(server(name, request), expected[name])


def test_eager_methods_agree_up_to_rounding(random_run, expected):
    model, requests = random_run[1], random_requests()
    video = model.reconstruct(requests["encode"]["video"])
    np.testing.assert_allclose(expected["reconstruct"]["video"], video, atol=1e-5)
    drawn = model.generate(B, T, requests["generate"]["seed"])
    np.testing.assert_allclose(expected["generate"]["video"], drawn, atol=1e-5)


def test_sizes_are_free_and_seeds_decide(server):
    draw = {"seed": np.array([1, 2], np.int32), "num_videos": 2, "num_frames": 9}
    draw = {key: np.array(value, np.int32) for key, value in draw.items()}
    first, second = server("generate", draw), server("generate", draw)
    assert first["video"].shape == (2, 9, H, W, C)
    assert 0 <= first["video"].min() < first["video"].max() <= 1
    assert_same_bits(first, second)
    other = server("sample_prior", draw | {"seed": np.array([1, 3], np.int32)})
    assert (other["f"].shape, other["z"].shape) == ((2, F), (2, 9, Z))
    same = server("sample_prior", draw)
    assert not np.any(other["f"] == same["f"]) and not np.any(other["z"] == same["z"])
    assert_same_bits(server("decode", same), first)
    one = server("reconstruct", {"video": np.zeros((1, 1, H, W, C), np.uint8)})
    assert one["video"].shape == (1, 1, H, W, C)


@pytest.mark.parametrize(
    ("dtype", "changes"),
    [
        (None, {"dynamic_posterior": "full", "static_posterior": "gru"}),
        (
            "mixed_bfloat16",
            {"static_posterior": "bidirectional_lstm", "initial_prior": "standard_normal"},
        ),
    ],
)
def test_other_models_give_the_same_bits(tmp_path, monkeypatch, dtype, changes):
    """Exported by a machine with a graphics card, they run where there is none."""
    model = write_run(tmp_path / "run", dtype, **changes)
    assert model.dtype_policy.compute_dtype == "float32"
    names = ("encode", "generate", "score")  # Every part of a model is in one of them.
    expected = expected_answers(model, names)
    recurrent = importlib.import_module("keras.src.backend.tensorflow.rnn")  # Of Keras 3.15.1.
    monkeypatch.setattr(recurrent, "_is_gpu_available", lambda: True)
    save_signatures(model, tmp_path / "saved")
    assert b"Cudnn" not in (tmp_path / "saved" / "saved_model.pb").read_bytes()
    assert all(x.use_cudnn == "auto" for x in flatten_layers(model) if hasattr(x, "use_cudnn"))
    server = Server(tmp_path / "saved")
    for name in names:
        assert_same_bits(server(name, random_requests()[name]), expected[name])


def test_signatures_say_their_names_types_and_shapes(loaded):
    table = signatures(small_config())
    assert tuple(table) == SIGNATURES and set(loaded.signatures) == set(SIGNATURES)
    for name, signature in table.items():
        found = loaded.signatures[name]
        inputs = found.structured_input_signature[1]
        assert inputs == {value.name: value.spec() for value in signature.inputs}
        outputs = {key: (x.dtype, x.shape.as_list()) for key, x in found.structured_outputs.items()}
        specs = {value.name: value.spec() for value in signature.outputs}
        assert outputs == {key: (spec.dtype, spec.shape.as_list()) for key, spec in specs.items()}


def test_it_holds_the_weights_and_no_more(exported, random_run):
    names = [name for name, _ in tf.train.list_variables(str(exported / "variables/variables"))]
    weights = [name for name in names if name.startswith("parameters/")]
    assert len(weights) == len(random_run[1].weights)
    assert set(names) - set(weights) == {"_CHECKPOINTABLE_OBJECT_GRAPH"}


def test_nothing_says_where_it_was_made(exported, random_run):
    source = read_config(random_run[0] / CONFIG).data["source"]
    places = [exported.parent, random_run[0], source["video_dir"], Path.cwd(), sys.prefix]
    if Path.home() != Path("/"):
        places.append(Path.home())
    found = [path for path in exported.rglob("*") if path.is_file()]
    assert len(found) >= 7
    for path in found:
        held = path.read_bytes()
        for text in (".py", "my videos", *map(str, places)):
            assert text.encode() not in held, f"{path.name} holds {text}"


def test_saved_model_cli_shows_it(exported, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["saved_model_cli", "show", "--dir", str(exported), "--all"])
    with pytest.raises(SystemExit) as done:
        saved_model_cli.main()
    assert not done.value.code
    shown = capsys.readouterr().out
    for name in SIGNATURES:
        assert f"signature_def['{name}']" in shown
    assert f"shape: (-1, -1, {H}, {W}, {C})" in shown


@pytest.mark.parametrize("name", ["encode", "swap", "generate"])
def test_saved_model_cli_runs_it(exported, expected, tmp_path, name, monkeypatch):
    np.savez(tmp_path / "x.npz", **random_requests()[name])
    inputs = ";".join(f"{key}={tmp_path}/x.npz[{key}]" for key in random_requests()[name])
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    saved_model_cli.run_saved_model_with_feed_dict(
        str(exported),
        "serve",
        name,
        saved_model_cli.load_inputs_from_input_arg_string(inputs, "", ""),
        str(tmp_path),
        False,
    )
    found = {path.stem: np.load(path) for path in tmp_path.glob("*.npy")}
    assert_same_bits(found, expected[name])


def test_the_weights_are_those_of_the_folder(random_run, loaded):
    path, _ = random_run
    weights = {weight.path.split("/", 1)[1]: weight.numpy() for weight in load(path).weights}
    assert_same_bits(as_arrays(loaded.parameters), weights)
