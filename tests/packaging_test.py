"""What is shipped, and the commands that README promises."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_wheel_holds_modules_and_data(tmp_path):
    pytest.importorskip("setuptools")
    # From a copy of what is needed, so that no build folder is left in the checkout.
    source = tmp_path / "source"
    shutil.copytree(ROOT / "tf_dsae", source / "tf_dsae")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    wheel = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*wheel, "--wheel-dir", str(tmp_path), str(source)], check=True)
    [path] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        programs = archive.read(entry_points).decode()
    shipped = {str(file.relative_to(source)) for file in (source / "tf_dsae").rglob("*.py")}
    shipped |= {
        f"tf_dsae/data/sprites/{name}"
        for name in ("checksums.tsv", "CITATIONS.bib", "README.md", "TAGS.txt")
    }
    assert shipped <= names
    assert not any(name.startswith(("tests/", "testdata/")) for name in names)
    for program in re.findall(r"^\w+ = ([\w.]+):run$", programs, re.MULTILINE):
        assert program.startswith("tf_dsae.cli.")
    assert len(re.findall(r":run$", programs, re.MULTILINE)) == 9


def test_what_readmes_link_to_is_there():
    for folder in (".", "results", "examples/serving"):
        page = ROOT / folder / "README.md"
        text = re.sub("```.*?```", "", page.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page}: {link}"


def test_readme_has_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "pip install -e . && bin/train --beta=6" in lines
    assert "pip install -e '.[test]' && python -m pytest -n 2" in lines
    assert any(line.startswith("![") for line in lines)  # That it is there is tested above.


@pytest.mark.parametrize(
    ("script", "flags", "words"),
    [
        (
            "train_step.py",
            ["--presets=tiny", "--precisions=float32", "--seconds=0.1", "--matrix_size=256"],
            "tiny      float32",
        ),
        (
            "serving.py",
            [
                *("--preset=tiny", "--batch_sizes=1", "--num_frames=2", "--seconds=0.1"),
                *("--requests=20", "--warm_up=10"),
            ],
            "functions traced after the first 10: 0",
        ),
        ("imports.py", ["--rounds=1", "--nowarm_up"], "every public name"),
        (
            "likelihood_sweep.py",
            ["--steps=2", "--eager_steps=1", "--nocommand"],
            "120 trainings of 2 steps",
        ),
    ],
)
def test_benchmarks_run(script, flags, words):
    command = [sys.executable, str(ROOT / "benchmarks" / script), *flags]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_operations_of_a_step_are_those_of_the_profiler(monkeypatch):
    """The benchmark's count against TensorFlow's own, of the same products without the rest."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import keras
    import tensorflow as tf
    from operations import forward_operations, muon_operations, step_operations
    from tensorflow.python.profiler import model_analyzer, option_builder

    from tests.conftest import small_config
    from tf_dsae.models.dsae import DSAE
    from tf_dsae.models.views import Views
    from tf_dsae.training.optimizers import Muon

    def profiled(function) -> int:
        options = option_builder.ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        graph = tf.function(function).get_concrete_function().graph
        return model_analyzer.profile(graph, options=options).total_float_ops

    model = DSAE(small_config())

    def products():
        maps = tf.zeros([1, *model.config.frame_shape])
        for layer in model.frame_encoder.convolutions:
            maps = tf.nn.conv2d(maps, layer.kernel.value, layer.strides, "VALID")
        # A transposed convolution costs what the convolution costs that it is the gradient of.
        maps = tf.zeros([1, *model.config.frame_shape])
        for layer in reversed(model.decoder.convolutions):
            maps = tf.nn.conv2d(maps, layer.kernel.value, layer.strides, "VALID")
        for layer in (model.static_encoder.recurrent, model.dynamic_encoder, model.dynamic_prior):
            for weight in layer.weights:
                if len(weight.shape) == 2:
                    tf.matmul(tf.zeros([1, weight.shape[0]]), weight.value)
        return tf.matmul(
            tf.zeros([1, model.decoder.dense.kernel.shape[0]]), model.decoder.dense.kernel
        )

    of = forward_operations(model)
    assert sum(of) - of.clip == profiled(products)
    assert of.clip == 2 * tf.size(model.static_encoder.head.dense.kernel).numpy()
    first = model.frame_encoder.convolutions[0]
    no_gradient = profiled(
        lambda: tf.nn.conv2d(
            tf.zeros([1, *model.config.frame_shape]), first.kernel.value, 2, "VALID"
        )
    )
    every_frame = 3 * (sum(of) - of.clip) - no_gradient
    assert step_operations(model, 3, 4) == 3 * (3 * of.clip + 4 * every_frame)

    # Of 4 frames, 6 are encoded, 2 for f, and 3 decoded.
    per_video = 6 * (3 * of.frame_encoder - no_gradient) + 3 * (
        2 * of.static_encoder + 4 * of.dynamics + 3 * of.decoder + of.clip
    )
    for changed in ("colour_mixing", "random_erasing"):
        views = Views(static_frames=2, likelihood_frames=3)._replace(**{changed: 0.5})
        model.compile(Muon(), views=views)
        model.optimizer.build(model.trainable_variables)
        muon = muon_operations(model.optimizer)
        assert step_operations(model, 3, 4) == 3 * per_video + muon

    def iteration():
        wide = tf.zeros([7, 20])
        square = tf.matmul(wide, wide, transpose_b=True)
        return tf.matmul(tf.matmul(square, square), wide)

    layer, optimizer = keras.layers.Dense(7), Muon()
    layer.build((None, 20))
    optimizer.build(layer.trainable_variables)
    assert muon_operations(optimizer) == 5 * profiled(iteration)
    assert muon > 0
