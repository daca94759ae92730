"""Every public name says what it does, with an example, and the examples are true."""

import doctest
import functools
import importlib
import inspect
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_dsae
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData
from tf_dsae.evaluation.results import KeptFactors
from tf_dsae.runs.run_config import RunConfig, write_config
from tf_dsae.runs.weights import save_weights

# Modules whose public functions and classes a user calls by the module's name.
MODULES = [
    *("layers.distributions", "layers.frame_encoders", "layers.static_posteriors"),
    *("layers.dynamic_posteriors", "layers.dynamic_priors", "layers.decoders"),
    *("layers.likelihoods", "models.variational_bound"),
    *("linear_gaussian.exact", "linear_gaussian.families", "linear_gaussian.process"),
]
# Modules whose examples run, where not every name needs one.
OTHERS = [
    *("core.noise", "core.registry", "core.schedules", "layers.autoregressive"),
    *("layers.weight_count", "layers.sublayers", "models.objective", "models.augmentations"),
    *("models.views", "methods.settings", "linear_gaussian.study_settings"),
]
# What Keras declares and calls; `compile` takes arguments of its own.
KERAS = {*dir(keras.Model), *dir(keras.layers.Layer), "compile_from_config"} - {"compile"}
# Name -> why it has no example that runs here.
WITHOUT_EXAMPLE = {
    "tf_dsae.prepare": "draws 11,664 videos",
}


def public_names(others: bool = False) -> dict[str, object]:
    """Full name -> object, of tf_dsae.__all__ and of MODULES; values that are no code left out."""
    found = {f"tf_dsae.{name}": getattr(tf_dsae, name) for name in tf_dsae.__all__}
    for name in (*MODULES, *(OTHERS if others else ())):
        module = importlib.import_module(f"tf_dsae.{name}")
        for key, value in vars(module).items():
            if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__:
                found[f"{module.__name__}.{key}"] = value
    return {name: value for name, value in found.items() if callable(value)}


def owners(cls: type) -> list[type]:
    return [one for one in cls.__mro__ if one.__module__.startswith("tf_dsae")]


def methods(cls: type) -> dict[str, object]:
    """Public methods and properties that this package gives a class, by name."""
    found = {}
    for owner in owners(cls):
        for name, value in vars(owner).items():
            method = getattr(value, "__func__", value)
            is_code = inspect.isfunction(method) or isinstance(value, property)
            if is_code and not name.startswith("_") and name not in KERAS:
                found.setdefault(name, method)
    return found


def documented() -> dict[str, object]:
    """Everything that must have a docstring and an example."""
    found = {}
    for name, value in public_names().items():
        found[name] = value
        if inspect.isclass(value):
            found |= {f"{name}.{key}": method for key, method in methods(value).items()}
    return found


def parse(text: str | None, name: str, names: dict) -> doctest.DocTest:
    return doctest.DocTestParser().get_doctest(text or "", names, name, None, 0)


def run(test: doctest.DocTest) -> tuple[int, int, str]:
    """(examples that ran, that failed, what was said); names stay in test.globs."""
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    return runner.tries, runner.failures, "".join(said)


def small_data() -> SequenceData:
    """Six black videos to train on and four held out."""
    splits = {
        split: EncodedSplit(tf.constant(["x"] * count), {"colour": np.arange(count)})
        for split, count in (("train", 6), ("test", 4))
    }
    return SequenceData(
        name="black",
        fingerprint="0123",
        video_shape=(3, 64, 64, 3),
        num_train=6,
        num_test=4,
        factors={"colour": tuple("abcdef")},
        load_split=splits.__getitem__,
        decode=lambda text: tf.zeros([3, 64, 64, 3], tf.uint8),
    )


def small_evaluation() -> tf_dsae.Evaluation:
    """Of four videos and one factor, whose disagreement is 1/4."""
    row = tf_dsae.metrics.Disagreement(0.25, 0.5, 9.0)
    probe = {"static": {"skin": 1.0}, "dynamic": {"skin": 0.5}}
    return tf_dsae.Evaluation(
        dataset="black",
        num_videos=4,
        elbo={"elbo": -7.0, "static_kl": 2.0, "dynamic_kl": 3.0},
        judges={},
        table={"skin": row},
        protocol=KeptFactors({"skin": 1.0}),
        latents=tf_dsae.metrics.LatentScores(0.5, tf_dsae.metrics.DCI(1, 1, 1), 0.5, probe),
    )


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What examples may use unsaid, in a folder that holds a run."""
    folder = tmp_path_factory.mktemp("examples")
    settings = tf_dsae.preset("tiny")
    described = RunConfig(settings.model, settings.training, {})
    write_config(folder / "runs" / "tiny", described)
    save_weights(folder / "runs" / "tiny", tf_dsae.DSAE(settings.model, seed=0))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield {
            "tf_dsae": tf_dsae,
            "np": np,
            "tf": tf,
            "data": small_data(),
            "evaluation": small_evaluation(),
        }


@functools.cache
def homes() -> dict[str, object]:
    """Classes and functions once each, whatever they are called; methods with their classes."""
    names = reversed(public_names(others=True).items())
    once = {id(value): (name, value) for name, value in names}
    return dict(once.values())


@pytest.mark.parametrize("name", sorted(homes()))
def test_examples_are_true(name, names):
    """Those of a class' methods go on from the class' own, in the order of the source."""
    value = homes()[name]
    module = vars(importlib.import_module(value.__module__))
    test = parse(inspect.getdoc(value), name, {**module, **names})
    results = [run(test)]
    if inspect.isclass(value):
        for owner in owners(value):
            start = test.globs
            if owner is not value:
                # A base's methods may be written for names of the base's example.
                base = parse(inspect.getdoc(owner), owner.__name__, {**module, **names})
                results.append(run(base))
                start = base.globs
            for key, method in methods(owner).items():
                if key in vars(owner):
                    results.append(run(parse(inspect.getdoc(method), f"{name}.{key}", {**start})))
    assert not any(failed for _, failed, _ in results), "".join(said for *_, said in results)
    expected = len(test.examples)
    assert sum(tried for tried, *_ in results) >= expected


def test_an_example_that_is_false_fails():
    text = inspect.getdoc(tf_dsae.ElboTerms)
    assert run(parse(text, "true", {"tf_dsae": tf_dsae}))[:2] == (2, 0)
    tried, failed, said = run(parse(text.replace("True", "False"), "no", {"tf_dsae": tf_dsae}))
    assert (tried, failed) == (2, 1) and "Got:\n    True" in said


def test_the_walk_finds_what_there_is():
    found = documented()
    examples = sum(len(parse(inspect.getdoc(value), "", {}).examples) for value in found.values())
    assert len(found) >= 75 and examples >= 140
    for name in ("DSAE.swap", "DSAE.elbo", "DSAE.compile", "ElboTerms.weighted", "load", "train"):
        assert f"tf_dsae.{name}" in found
    assert "tf_dsae.ModelConfig.from_dict" in found and "tf_dsae.DSAE.call" not in found


def test_every_public_name_has_an_example():
    missing = []
    for name, value in documented().items():
        text = value.__doc__ or ""
        # What NamedTuple and dataclass write themselves says nothing.
        if not text.strip() or re.fullmatch(r"\w+\(.*\)", text.strip()):
            missing.append(f"{name}: no docstring")
        ran = [
            example
            for example in parse(text, name, {}).examples
            if not example.options.get(doctest.SKIP)
        ]
        if not ran and name not in WITHOUT_EXAMPLE:
            missing.append(f"{name}: no example")
    assert not missing, "\n".join(missing)


def test_every_argument_is_named():
    """In the words of its docstring; in its class' or its module's, where all of them take it."""
    missing = []
    for name, value in documented().items():
        if isinstance(value, property) or (
            isinstance(value, type) and issubclass(value, Exception)
        ):
            continue
        parent = documented().get(name.rpartition(".")[0])
        module = importlib.import_module(value.__module__)
        bases = owners(value) if isinstance(value, type) else []
        texts = (inspect.getdoc(one) or "" for one in (value, parent, module, *bases) if one)
        text = "\n".join(texts)
        for argument, parameter in inspect.signature(value).parameters.items():
            is_named = parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
            if is_named and argument not in ("self", "cls"):
                words = re.sub(r"^.*>>>.*$", "", text, flags=re.MULTILINE)
                if not re.search(rf"\b{argument}s?\b", words, re.IGNORECASE):
                    missing.append(f"{name}: {argument}")
    assert not missing, "\n".join(missing)
