"""Small videos of every kind, written for the tests."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tf_dsae.data.folder import ClipSettings, FolderSource, Source, open_source
from tf_dsae.data.sequence_data import SequenceData

RED, GREEN = (200, 30, 30), (30, 200, 30)
LABELS = """file,action,who
b10.gif,run,ann
deep/b9.GIF,walk,bob
deep/er/photos,run,cy
images,walk,ann
one.npy[0],run,bob
three.npz[0],walk,cy
three.npz[1],walk,ann
three.npz[2],run,bob
"""


def counted(num_frames: int, height: int = 24, width: int = 32) -> np.ndarray:
    """uint8 [T, H, W, 3]: left red above green; right grey, 10 times the number of the frame."""
    frames = np.zeros((num_frames, height, width, 3), np.uint8)
    frames[:, : height // 2, : width // 2] = RED
    frames[:, height // 2 :, : width // 2] = GREEN
    for index, frame in enumerate(frames):
        frame[:, width // 2 :] = 10 * index
    return frames


def numbers(clip: np.ndarray) -> list[int]:
    """The numbers of the frames of a clip of `counted`, read off the right edge."""
    return np.rint(clip[:, 1, -1, 0] / 10).astype(int).tolist()


def save_movie(path: Path, frames: np.ndarray, codec: str, pixels: str, rotation: int = 0) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        if rotation:
            stream.set_display_rotation(rotation)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def save_gif(path: Path, frames: np.ndarray) -> None:
    images = [Image.fromarray(frame) for frame in frames]
    images[0].save(path, save_all=True, append_images=images[1:], duration=100)


def save_images(folder: Path, frames: np.ndarray, suffix: str = ".png") -> None:
    folder.mkdir(parents=True)
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{index}{suffix}")


def only(path: Path) -> Source:
    """The one video of a file or of a folder of images."""
    [source] = open_source(path)
    return source


def prepare_folder(video_dir, clips, data_dir, strict=False, show_progress=True) -> SequenceData:
    """The clips of a folder, opened by its source."""
    return FolderSource(video_dir, clips, strict).open(data_dir, show_progress)


def assert_same(got: np.ndarray, expected: np.ndarray) -> None:
    """Values, with `expected` rounded down to uint8."""
    np.testing.assert_array_equal(got, np.asarray(expected, np.uint8))


def stored(tmp_path) -> dict[str, list[dict]]:
    """The examples as TFDS alone reads them, with the files they are of."""
    [folder] = tmp_path.glob("data/folder/*/1.0.0")
    builder = tfds.builder_from_directory(folder)
    return {
        split: list(builder.as_dataset(split=split).as_numpy_iterator())
        for split in ("train", "test")
    }


@pytest.fixture
def settings() -> ClipSettings:
    return ClipSettings(frame_size=(12, 16), num_frames=3)


@pytest.fixture
def mixed_dir(tmp_path) -> Path:
    """A folder of 8 videos: 2 GIFs, 2 folders of images, 3 + 1 videos in arrays."""
    folder = tmp_path / "my videos"
    (folder / "deep" / "er").mkdir(parents=True)
    save_gif(folder / "b10.gif", counted(7))
    save_gif(folder / "deep" / "b9.GIF", counted(6, 48, 40))
    save_images(folder / "images", counted(11))
    save_images(folder / "deep" / "er" / "photos", counted(4), ".jpg")
    np.savez_compressed(folder / "three.npz", labels=np.arange(3), x=np.stack([counted(5)] * 3))
    np.save(folder / "one.npy", counted(9)[np.newaxis] / np.float32(255))
    (folder / "readme.txt").write_text("No video.")
    return folder


@pytest.fixture
def labelled_dir(mixed_dir) -> Path:
    """The folder `mixed_dir` with a labels.csv of two factors."""
    (mixed_dir / "labels.csv").write_text(LABELS)
    return mixed_dir


@pytest.fixture
def opened(labelled_dir, settings, tmp_path) -> SequenceData:
    return prepare_folder(labelled_dir, settings, tmp_path / "data", show_progress=False)
