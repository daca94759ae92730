"""Swaps two videos over HTTP: what stays of one with the motion of the other.

  python client.py content.gif motion.gif swapped.gif

Videos are GIFs, which needs Pillow, or NumPy files of uint8 [T, H, W, 3]. They have the model's
frame size; numbers of frames may differ, and the answer has the motion's.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request

import numpy as np


def read_video(path: str) -> np.ndarray:
    """uint8 [T, H, W, 3] of a GIF or a NumPy file."""
    if path.endswith(".npy"):
        return np.load(path, allow_pickle=False)
    from PIL import Image, ImageSequence

    with Image.open(path) as image:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    return np.stack(frames)


def write_video(path: str, video: np.ndarray) -> None:
    """Writes float32 [T, H, W, 3] in 0..1: a NumPy file as it is, a GIF of 8 frames per second."""
    if path.endswith(".npy"):
        np.save(path, video)
        return
    from PIL import Image

    first, *others = [Image.fromarray(frame) for frame in np.uint8(np.round(255 * video))]
    first.save(path, save_all=True, append_images=others, duration=125, loop=0)


def ask(url: str, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What a signature of the model at a URL answers, arrays by name.

    Raises:
      urllib.error.HTTPError: the server refused; its body says why.
    """
    datatypes = {"uint8": "UINT8", "int32": "INT32", "float32": "FP32"}
    body = {
        "parameters": {"signature": signature},
        "inputs": [
            {
                "name": name,
                "shape": list(value.shape),
                "datatype": datatypes[value.dtype.name],
                "data": value.ravel().tolist(),
            }
            for name, value in inputs.items()
        ],
    }
    request = urllib.request.Request(
        f"{url}/infer", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as response:
        outputs = json.load(response)["outputs"]
    # Every output of these signatures is of floats.
    return {x["name"]: np.float32(x["data"]).reshape(x["shape"]) for x in outputs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("content", help="video whose content is kept")
    parser.add_argument("motion", help="video whose motion is kept")
    parser.add_argument("output", help=".gif or .npy to write")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8080/v2/models/videos", help="the model's"
    )
    arguments = parser.parse_args()
    content, motion = (read_video(path)[None] for path in (arguments.content, arguments.motion))
    try:
        answer = ask(arguments.url, "swap", content=content, motion=motion)
    except urllib.error.HTTPError as error:
        sys.exit(f"refused with status {error.code}: {error.read().decode(errors='replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"no answer from {arguments.url}: {error.reason}; is the server up?")
    write_video(arguments.output, answer["video"][0])


if __name__ == "__main__":
    main()
