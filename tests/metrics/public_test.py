"""The public names of the measures: documented, and the examples are true."""

import doctest
import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest

import tf_dsae
from tf_dsae import metrics


def test_all_names_are_there_and_sorted_and_no_other():
    assert metrics.__all__ == sorted(metrics.__all__)
    modules = [importlib.import_module(f"tf_dsae.metrics.{name}") for name in metrics._HOMES]
    public = {
        name
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert public | {"COLLAPSED_KL"} == set(metrics.__all__)
    for name in metrics.__all__:
        assert getattr(metrics, name) is getattr(tf_dsae.metrics, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = metrics.nonsense


def test_measures_need_no_tensorflow():
    script = (
        "import sys, tf_dsae; tf_dsae.metrics.measure_latents; "
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "False False\n"), done.stderr


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if name != "COLLAPSED_KL"])
def test_every_name_has_an_example_that_is_true_and_names_its_arguments(name):
    value = getattr(metrics, name)
    text = inspect.getdoc(value)
    test = doctest.DocTestParser().get_doctest(text, {"np": np, "tf_dsae": tf_dsae}, name, None, 0)
    output = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=output.append)
    assert test.examples and not runner.failures, "".join(output)
    for argument in inspect.signature(value).parameters:
        assert argument in text, argument
