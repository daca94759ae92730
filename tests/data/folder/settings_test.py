"""Settings of clips: ranges, and the way through JSON."""

import dataclasses
import json
import subprocess
import sys

import pytest

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder.clip_settings import ClipSettings


def test_through_json():
    settings = ClipSettings((48, 32), 1, "pad", 5, 2, 3, 0.25, ("gait",))
    stored = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert ClipSettings.from_dict(stored) == settings
    assert ClipSettings.from_dict(dataclasses.asdict(ClipSettings())) == ClipSettings()


def test_derived():
    settings = ClipSettings((48, 32), 1, num_frames=5, stride=3)
    assert (settings.span, settings.clip_hop) == (13, 15)
    assert settings.clip_shape == (5, 48, 32, 1)
    assert settings.frame_bytes == 48 * 32
    assert dataclasses.replace(settings, hop=2).clip_hop == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frame_size", 64),
        ("frame_size", (64,)),
        ("frame_size", (0, 64)),
        ("frame_size", (64, 4097)),
        ("frame_size", (64.0, 64)),
        ("channels", 2),
        ("channels", True),
        ("channels", "3"),
        ("resize_mode", "stretch"),
        ("resize_mode", None),
        ("num_frames", 0),
        ("num_frames", 10_001),
        ("num_frames", True),
        ("stride", 0),
        ("stride", 10_001),
        ("hop", -1),
        ("hop", 1.5),
        ("test_fraction", 0.0),
        ("test_fraction", 1),
        ("test_fraction", float("nan")),
        ("test_fraction", "0.2"),
        ("dynamic_factors", "action"),
        ("dynamic_factors", (1,)),
    ],
)
def test_out_of_range(name, value):
    with pytest.raises(UserError, match=f"^{name}: expected") as caught:
        ClipSettings(**{name: value})
    assert "\n" not in str(caught.value)


def test_a_clip_fits_into_memory():
    with pytest.raises(UserError, match="num_frames: expected a clip of at most 1074 MB"):
        ClipSettings(frame_size=(4096, 4096), num_frames=22)


@pytest.mark.parametrize("stored", [None, [], {}, {"frame_size": [1, 2]}, {"other": 1}])
def test_what_is_no_object_of_settings(stored):
    with pytest.raises(UserError, match="clip settings"):
        ClipSettings.from_dict(stored)


def test_tensorflow_and_pyav_wait():
    script = (
        "import sys, tf_dsae.data.folder as f; f.ClipSettings(); "
        "print([name for name in ('tensorflow', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
