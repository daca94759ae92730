"""Files of the user's own through a run: what is written is what the model in memory says."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tests.conftest import C, F, H, T, W, Z, small_config
from tests.data.folder.conftest import save_gif
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import ClipSettings
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs import swap_files as swap_module
from tf_dsae.runs.encode_files import encode_folder
from tf_dsae.runs.run_config import RunConfig, write_config
from tf_dsae.runs.swap_files import swap_files
from tf_dsae.runs.user_files import clip_settings
from tf_dsae.runs.weights import load, save_weights

CLIPS = ClipSettings(frame_size=(H, W), channels=C, num_frames=T, resize_mode="pad")
LENGTHS = {"a1": 2 * T + 1, "a2": T, "b": T + 2}  # Frames of each GIF.


def frames(seed: int, count: int) -> np.ndarray:
    """uint8 [count, H, W, C] of few colours, which a GIF keeps as they are."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (16, C), np.uint8)
    return palette[rng.integers(0, 16, (count, H, W))]


VIDEOS = {name: frames(seed, count) for seed, (name, count) in enumerate(LENGTHS.items())}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(workdir, model) of a run on a folder of clips, with random weights."""
    workdir = tmp_path_factory.mktemp("run")
    source = {"video_dir": "gone", "clips": dataclasses.asdict(CLIPS)}
    data = {"name": "folder/gone", "fingerprint": "01", "num_train": 3, "source": source}
    training = TrainingConfig(dataset="folder")
    write_config(workdir, RunConfig(small_config(), training, data))
    save_weights(workdir, DSAE(small_config(), seed=0))
    return workdir, load(workdir)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    path = tmp_path_factory.mktemp("videos")
    (path / "deep").mkdir()
    for name, video in VIDEOS.items():
        save_gif(path / ("deep" if name == "b" else "") / f"{name}.gif", video)
    return path


def test_latents_are_those_of_the_model(run, videos, tmp_path):
    workdir, model = run
    output = tmp_path / "out" / "latents.npz"
    returned = encode_folder(workdir, videos, output, batch_size=2, show_progress=False)
    with np.load(output, allow_pickle=False) as written:
        latents = dict(written)
    assert latents["name"].tolist() == ["a1.gif", "a1.gif", "a2.gif", "deep/b.gif"]
    assert latents["start"].tolist() == [0, T, 0, 0]
    clips = [VIDEOS["a1"][:T], VIDEOS["a1"][T : 2 * T], VIDEOS["a2"], VIDEOS["b"][:T]]
    q = model.encode(np.stack(clips))
    for name, values, shape in (
        ("f_mean", q.static.mean(), (4, F)),
        ("f_stddev", q.static.stddev(), (4, F)),
        ("z_mean", q.dynamic.mean(), (4, T, Z)),
        ("z_stddev", q.dynamic.stddev(), (4, T, Z)),
    ):
        assert latents[name].shape == shape and latents[name].dtype == np.float32
        np.testing.assert_allclose(latents[name], values, atol=2e-6, err_msg=name)
    assert returned.keys() == latents.keys()


def test_clips_may_be_cut_otherwise(run, videos, tmp_path):
    clips = {"num_frames": 2, "stride": 3, "hop": 4}
    latents = encode_folder(
        run[0], videos / "a1.gif", tmp_path / "x.npz", show_progress=False, **clips
    )
    assert latents["start"].tolist() == [0, 4]  # Of 11 frames: 0, 3 and 4, 7; 8, 11 is too late.
    assert latents["z_mean"].shape == (2, 2, Z)
    q = run[1].encode(VIDEOS["a1"][[4, 7]][np.newaxis])
    np.testing.assert_allclose(latents["z_mean"][1], q.dynamic.mean()[0], atol=2e-6)


def test_damaged_files_are_skipped_and_named(run, videos, tmp_path, capsys):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    whole = (videos / "a1.gif").read_bytes()
    (mixed / "good.gif").write_bytes(whole)
    (mixed / "broken.gif").write_bytes(whole[: len(whole) // 5])
    save_gif(mixed / "short.gif", VIDEOS["a2"][: T - 2])
    output = tmp_path / "x.npz"
    latents = encode_folder(run[0], mixed, output, batch_size=1, show_progress=False)
    assert latents["name"].tolist() == ["good.gif"] * 2
    assert len(latents["f_mean"]) == len(latents["start"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["broken.gif", "short.gif"]
    output.unlink()
    with pytest.raises(UserError, match="broken.gif"):
        encode_folder(run[0], mixed, output, strict=True, show_progress=False)
    assert not output.exists()
    (mixed / "good.gif").unlink()
    with pytest.raises(UserError, match="expected a video that can be read.*broken.gif"):
        encode_folder(run[0], mixed, output, show_progress=False)
    assert list(tmp_path.iterdir()) == [mixed]


def test_swap_takes_f_of_one_and_z_of_the_other(run, videos, tmp_path):
    workdir, model = run
    content, motion = videos / "a1.gif", videos / "deep" / "b.gif"
    result = swap_files(workdir, content, motion, tmp_path / "s.gif", show_source=False)
    expected = model.swap(VIDEOS["a1"][:T][np.newaxis], VIDEOS["b"][np.newaxis])[0]
    np.testing.assert_allclose(result, expected, atol=2e-6)
    with Image.open(tmp_path / "s.gif") as gif:
        assert gif.n_frames == T + 2
        scale = gif.width // W
        assert (gif.width, gif.height) == (scale * W, scale * H) and 150 < gif.width < 240
        gif.seek(2)
        shown = np.asarray(gif.convert("RGB"))[::scale, ::scale] / 255
    np.testing.assert_allclose(shown, result[2], atol=0.1)  # One palette for all frames.


def test_swap_shows_its_sources(run, videos, tmp_path):
    content, motion = videos / "a2.gif", videos / "a1.gif"
    swap_files(run[0], content, motion, tmp_path / "s.gif", num_frames=T + 1)
    with Image.open(tmp_path / "s.gif") as gif:
        assert gif.n_frames == T + 1
        assert gif.width > 3 * 150


def test_swap_takes_one_video_of_an_array(run, videos, tmp_path):
    np.savez(tmp_path / "three.npz", x=np.stack([frames(seed, T) for seed in (5, 6, 7)]))
    given = f"{tmp_path}/three.npz"
    result = swap_files(run[0], f"{given}[1]", videos / "a1.gif", tmp_path / "s.gif", num_frames=2)
    expected = run[1].swap(frames(6, T)[np.newaxis], VIDEOS["a1"][:2][np.newaxis])[0]
    np.testing.assert_allclose(result, expected, atol=2e-6)
    for text in (given, f"{given}[3]", f"{given}:x[0]"):
        with pytest.raises(UserError, match=r"one video.*from three.npz\[0\] to three.npz\[2\]"):
            swap_files(run[0], text, videos / "a1.gif", tmp_path / "t.gif")
    np.save(tmp_path / "one.npy", frames(5, T)[np.newaxis])
    with pytest.raises(UserError, match=r"one video, received .*one.npy\[5\]; it holds 1"):
        swap_files(run[0], tmp_path / "one.npy[5]", videos / "a1.gif", tmp_path / "t.gif")


def test_a_long_motion_is_cut_before_it_fills_memory(run, videos, tmp_path, monkeypatch):
    monkeypatch.setattr(swap_module, "_MOST_VALUES", 3 * 3 * H * W * swap_module._scale(W) ** 2 + 5)
    result = swap_files(run[0], videos / "a1.gif", videos / "a1.gif", tmp_path / "s.gif")
    assert len(result) == 3
    with pytest.raises(UserError, match="num_frames: expected at most 3, received 4"):
        swap_files(run[0], videos / "a1.gif", videos / "a1.gif", tmp_path / "s.gif", num_frames=4)


def test_a_swap_has_at_most_512_frames(run, tmp_path):
    long = np.zeros((520, 2, 2, C), np.uint8)
    long[:, 0, 0] = np.arange(520)[:, np.newaxis] % 256  # A GIF joins frames that are the same.
    save_gif(tmp_path / "long.gif", long)
    result = swap_files(
        *(run[0], tmp_path / "long.gif", tmp_path / "long.gif", tmp_path / "s.gif"),
        resize_mode="crop",
        show_source=False,
    )
    assert len(result) == 512


def test_wrong_inputs(run, videos, tmp_path):
    workdir, gif = run[0], videos / "a1.gif"
    with pytest.raises(UserError, match=r"output: expected a file name that ends in .npz"):
        encode_folder(workdir, videos, tmp_path / "x.npy")
    with pytest.raises(UserError, match="batch_size"):
        encode_folder(workdir, videos, tmp_path / "x.npz", batch_size=0)
    with pytest.raises(UserError, match="config.json"):
        encode_folder(tmp_path, videos, tmp_path / "x.npz")
    with pytest.raises(UserError, match="nothing: expected a video"):
        encode_folder(workdir, "nothing", tmp_path / "x.npz")
    for rate in (51, 0.01, float("nan")):
        with pytest.raises(UserError, match="frames_per_second: expected 0.1 to 50"):
            swap_files(workdir, gif, gif, tmp_path / "x.gif", frames_per_second=rate)
    for long in ("x" * 300 + ".npz", "x" * 230 + ".npz"):
        with pytest.raises(UserError, match="output: expected a"):
            encode_folder(workdir, videos, tmp_path / long)
    with pytest.raises(UserError, match="video_dir: expected a path"):
        encode_folder(workdir, "x" * 300, tmp_path / "x.npz")
    with pytest.raises(UserError, match="motion: expected a path"):
        swap_files(workdir, gif, "x" * 300 + ".gif", tmp_path / "x.gif")
    with pytest.raises(UserError, match="expected at least 99 frames, received 11"):
        swap_files(workdir, gif, gif, tmp_path / "x.gif", num_frames=99)
    with pytest.raises(UserError, match="resize_mode"):
        swap_files(workdir, gif, gif, tmp_path / "x.gif", resize_mode="squeeze")
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_sprites_takes_files_too(tmp_path):
    run = RunConfig(small_config(), TrainingConfig(), {"name": "sprites/drawn"})
    assert clip_settings(run) == ClipSettings(frame_size=(H, W), channels=C)
