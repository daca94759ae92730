"""How fast an exported model answers, and what memory it takes, in a process with TensorFlow alone.

Of encode, decode and swap: milliseconds of a request, median and 99th percentile, and videos per
second, one request after the other. Then requests of random sizes, 1 to 8 videos of 1 to 16 frames,
to every signature: resident memory after those that warm up and after all, and whether TensorFlow
traced anything for them.

  python benchmarks/serving.py --workdir=RUN
  python benchmarks/serving.py --preset=sprites_drawn    # random weights are as fast
  python benchmarks/serving.py --saved_model=EXPORT_DIR/1
"""

import functools
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_ABSENT = ("keras", "tf_keras", "tensorflow_probability", "tf_dsae")
if any(flag.lstrip("-").startswith("saved_model") for flag in sys.argv[1:]):
    # TensorFlow itself imports Keras where it finds it, so that it must not be found.
    sys.modules.update(dict.fromkeys(_ABSENT))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import app, flags, logging  # noqa: E402
from timing import seconds_of_calls  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of a finished run to export.")
_PRESET = flags.DEFINE_string("preset", "sprites_drawn", "Without a run: the model, not trained.")
_SAVED_MODEL = flags.DEFINE_string("saved_model", None, "Measure this version; export nothing.")
_BATCH_SIZES = flags.DEFINE_list("batch_sizes", ["1", "8", "32"], "Videos a request.")
_NUM_FRAMES = flags.DEFINE_integer("num_frames", 8, "Frames a video.", lower_bound=1)
_SECONDS = flags.DEFINE_float("seconds", 8.0, "Seconds to time each for.", lower_bound=0.1)
_REQUESTS = flags.DEFINE_integer("requests", 1000, "Requests of random sizes.", lower_bound=1)
_WARM_UP = flags.DEFINE_integer("warm_up", 200, "Of them, those that warm up.", lower_bound=1)

_TIMED = ("encode", "decode", "swap")
_MOST_VIDEOS, _MOST_FRAMES = 8, 16


def export(path: str) -> str:
    """Writes the SavedModel that the flags name; its folder."""
    logging.set_verbosity(logging.WARNING)
    sys.path.insert(0, str(ROOT))
    from tf_dsae.export.saved_model import export_saved_model, save_signatures
    from tf_dsae.methods.presets import PRESETS
    from tf_dsae.models.dsae import DSAE

    if _WORKDIR.value:
        return str(export_saved_model(_WORKDIR.value, path))
    save_signatures(DSAE(PRESETS[_PRESET.value].model, seed=0), path)
    return path


def measure_in_another_process() -> int:
    """Exports, and measures where nothing but TensorFlow can be imported; its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        saved_model = f"--saved_model={export(folder)}"
        return subprocess.run([sys.executable, __file__, *sys.argv[1:], saved_model]).returncode


def resident_megabytes() -> float:
    """Of memory that this process has resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])  # Linux only.
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def random_request(signature, sizes: dict[str, int], rng) -> dict[str, tf.Tensor]:
    """An input for each of a signature's, of the batch, frames and content's frames given."""
    counts = {"num_videos": sizes["videos"], "num_frames": sizes["frames"]}
    request = {}
    for name, spec in signature.structured_input_signature[1].items():
        free = [sizes["videos"], sizes["content_frames" if name == "content" else "frames"]]
        shape = [size or free[axis] for axis, size in enumerate(spec.shape)]
        if name in counts:
            value = np.int32(counts[name])
        elif spec.dtype.is_floating:
            value = rng.standard_normal(shape, np.float32)
        else:
            value = rng.integers(0, 256, shape).astype(spec.dtype.as_numpy_dtype)
        request[name] = tf.constant(value)
    return request


def read_answer(signature, request: dict[str, tf.Tensor]) -> None:
    for value in signature(**request).values():
        value.numpy()


def time_signatures(signatures, rng) -> None:
    print("signature  videos  requests   p50 ms   p99 ms  videos/s")
    for name, batch in itertools.product(_TIMED, map(int, _BATCH_SIZES.value)):
        frames = _NUM_FRAMES.value
        sizes = {"videos": batch, "frames": frames, "content_frames": frames}
        answer = functools.partial(
            read_answer, signatures[name], random_request(signatures[name], sizes, rng)
        )
        times = seconds_of_calls(answer, _SECONDS.value, warm_up=3)
        middle, late = np.percentile(times, [50, 99]) * 1e3
        rate = batch * len(times) / times.sum()
        print(
            f"{name:9} {batch:7} {len(times):9} {middle:8.1f} {late:8.1f} {rate:9.1f}", flush=True
        )


def functions_known() -> int:
    """Functions that TensorFlow's runtime holds; a trace would add some."""
    from tensorflow.python.eager import context

    return len(context.context().list_function_names())


def watch_memory(signatures, rng) -> None:
    names = list(signatures)
    known, began = 0, time.perf_counter()
    for count in range(1, _REQUESTS.value + 1):
        name = names[count % len(names)]
        sizes = {
            "videos": rng.integers(1, _MOST_VIDEOS + 1),
            "frames": rng.integers(1, _MOST_FRAMES + 1),
            "content_frames": rng.integers(1, _MOST_FRAMES + 1),
        }
        read_answer(signatures[name], random_request(signatures[name], sizes, rng))
        if count == _WARM_UP.value:
            known = functions_known()
        if count % _WARM_UP.value == 0 or count == _REQUESTS.value:
            print(f"{count:5} requests of random sizes: {resident_megabytes():6.0f} MB", flush=True)
    print(f"{_REQUESTS.value} requests in {time.perf_counter() - began:.1f} s")
    print(f"functions traced after the first {_WARM_UP.value}: {functions_known() - known}")


def main(argv: list[str]) -> None:
    del argv  # Flags only.
    if not _SAVED_MODEL.value:
        sys.exit(measure_in_another_process())
    empty, began = resident_megabytes(), time.perf_counter()
    model = tf.saved_model.load(_SAVED_MODEL.value)
    print(f"TensorFlow {tf.__version__} without {', '.join(_ABSENT)}: {empty:.0f} MB")
    print(f"loaded in {time.perf_counter() - began:.1f} s: {resident_megabytes():.0f} MB")
    rng = np.random.default_rng(0)
    time_signatures(model.signatures, rng)
    watch_memory(model.signatures, rng)


if __name__ == "__main__":
    app.run(main)
