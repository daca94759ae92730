"""The example of serving over HTTP: its client against its runtime, with and without MLServer.

TF_DSAE_MLSERVER=PYTHON names the interpreter of an environment that has the example's
requirements; without it a stand-in for MLServer serves the runtime.
"""

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.conftest import B, C, H, T, W
from tests.export.conftest import SIGNATURES, assert_same_bits, random_requests

EXAMPLE = Path(__file__).parents[2] / "examples" / "serving"
_PYTHON = os.environ.get("TF_DSAE_MLSERVER")
_SETTINGS = json.loads((EXAMPLE / "model-settings.json").read_text())


def imported(name) -> ModuleType:
    """A module of the example, which is no package."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client = imported("client")


class _StandIn:
    """MLServer's MLModel, as far as a runtime needs it."""

    def __init__(self, settings):
        self.settings, self.name = settings, _SETTINGS["name"]


@pytest.fixture(scope="module")
def runtime():
    """The runtime's module, with stand-ins for what it imports from MLServer."""
    parts = {
        "mlserver": {"MLModel": _StandIn},
        "mlserver.errors": {"InferenceError": type("InferenceError", (Exception,), {})},
        "mlserver.types": {
            name: SimpleNamespace
            for name in ("InferenceRequest", "InferenceResponse", "RequestInput", "ResponseOutput")
        },
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, attributes in parts.items():
            module = ModuleType(name)
            vars(module).update(attributes)
            patch.setitem(sys.modules, name, module)
        yield imported("mlserver_runtime")


@pytest.fixture(scope="module")
def standing_in(runtime, exported):
    """Port of a server that hands requests to the runtime as MLServer does."""
    settings = SimpleNamespace(parameters=SimpleNamespace(uri=str(exported.parent)))
    model = getattr(runtime, _SETTINGS["implementation"].rpartition(".")[2])(settings)
    assert asyncio.run(model.load())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(text, object_hook=lambda held: SimpleNamespace(**held))
            payload = SimpleNamespace(**{"id": None, "parameters": None, **vars(body)})
            try:
                status, answer = 200, asyncio.run(model.predict(payload))
            except runtime.InferenceError as error:
                status, answer = 400, {"error": str(error)}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer, default=vars).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def real(exported, tmp_path_factory):
    """Port of MLServer, started with the example's own files."""
    folder = tmp_path_factory.mktemp("mlserver")
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        ports = [first.getsockname()[1], second.getsockname()[1]]
    settings = {
        "MLSERVER_MODEL_URI": str(exported.parent),
        "MLSERVER_HTTP_PORT": str(ports[0]),
        "MLSERVER_GRPC_PORT": str(ports[1]),
    }
    # The environment has packages of its own.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(Path(_PYTHON).absolute().with_name("mlserver")), "start", str(EXAMPLE)]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            command, env=kept | settings, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_for(
            f"http://127.0.0.1:{ports[0]}/v2/models/{_SETTINGS['name']}/ready", process, log.name
        )
        yield ports[0]
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url, process, log):
    for _ in range(600):
        assert process.poll() is None, Path(log).read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(Path(log).read_text())


@pytest.fixture(
    scope="module",
    params=[
        "standing_in",
        pytest.param(
            "real",
            marks=pytest.mark.skipif(not _PYTHON, reason="TF_DSAE_MLSERVER names no interpreter"),
        ),
    ],
)
def url(request):
    return (
        f"http://127.0.0.1:{request.getfixturevalue(request.param)}/v2/models/{_SETTINGS['name']}"
    )


def assert_refused(url, words, call):
    """Status 400 and why, and the next request is answered."""
    with pytest.raises(urllib.error.HTTPError) as failure:
        call()
    assert failure.value.code == 400
    assert words in json.load(failure.value)["error"]
    assert client.ask(url, "encode", **random_requests()["encode"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_answers_are_the_models(url, expected, name):
    assert_same_bits(client.ask(url, name, **random_requests()[name]), expected[name])


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        (
            "encode",
            {"video": np.zeros((B, T, W, H, C), np.uint8)},
            f"[video: expected the shape [B, T, {H}, {W}, {C}] with B and T of at least 1, ",
        ),
        ("encode", {"video": np.zeros((B, 0, H, W, C), np.uint8)}, "[video: expected the shape"),
        ("encode", {"video": np.zeros((B, T, H, W, C), np.float32)}, "video: expected UINT8"),
        ("generate", {"num_frames": np.int32(0)}, "num_frames: expected at least 1"),
        ("score", {"seed": np.float32([1, 2])}, "seed: expected INT32, received FP32"),
        ("score", {"sede": np.int32([1, 2])}, "inputs: score takes "),
        ("train", {"video": np.int32(1)}, "signature: expected one of serving_default, "),
    ],
)
def test_requests_that_do_not_fit(url, name, changes, words):
    request = random_requests().get(name, {}) | changes
    assert_refused(url, words, lambda: client.ask(url, name, **request))


@pytest.mark.parametrize(
    ("shape", "data", "words"),
    [
        ([2], [3.5, 4], "numbers that are not INT32"),
        ([2], ["3", "4"], "numbers that are not INT32"),
        ([2], [2**31, 0], "out of bounds"),
        ([2], [1, 2, 3], "cannot reshape"),
        ([2], [[1], [2, 3]], "seed: expected INT32 of the shape [2], received"),
    ],
)
def test_data_that_are_not_of_their_type(url, shape, data, words):
    body = {
        "parameters": {"signature": "generate"},
        "inputs": [
            {"name": "seed", "shape": shape, "datatype": "INT32", "data": data},
            {"name": "num_videos", "shape": [], "datatype": "INT32", "data": [1]},
            {"name": "num_frames", "shape": [], "datatype": "INT32", "data": [2]},
        ],
    }
    assert_refused(url, words, lambda: post(url, body))


def test_without_parameters(url, expected):
    video = random_requests()["encode"]["video"]
    given = {"name": "video", "shape": video.shape, "datatype": "UINT8", "data": video.tolist()}
    [output] = post(url, {"inputs": [given]})["outputs"]
    assert output["shape"] == list(video.shape)
    answer = np.float32(output["data"]).reshape(output["shape"])
    np.testing.assert_array_equal(answer, expected["serving_default"]["video"])


def post(url, body) -> dict:
    header = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/infer", json.dumps(body).encode(), header)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@pytest.mark.parametrize("kind", ["npy", "gif"])
def test_client_swaps_files(url, tmp_path, kind):
    content, motion = (random_requests()["swap"][name][0] for name in ("content", "motion"))
    paths = [str(tmp_path / f"{name}.{kind}") for name in ("content", "motion", "swapped")]
    for path, video in zip(paths, (content, motion), strict=False):
        client.write_video(path, video if kind == "npy" else np.float32(video / 255))
    command = [sys.executable, str(EXAMPLE / "client.py"), *paths, f"--url={url}"]
    subprocess.run(command, check=True, timeout=120)
    given = [client.read_video(path)[None] for path in paths[:2]]
    answer = client.ask(url, "swap", content=given[0], motion=given[1])["video"][0]
    swapped = client.read_video(paths[2])
    if kind == "npy":
        np.testing.assert_array_equal(swapped, answer)
    else:
        # A GIF has 256 colours.
        assert swapped.shape == answer.shape
        assert abs(swapped / 255 - answer).mean() < 0.05


def test_client_says_what_the_server_refused(url, tmp_path):
    np.save(tmp_path / "small.npy", np.zeros((T, H, 2, C), np.uint8))
    paths = [str(tmp_path / "small.npy")] * 2 + [str(tmp_path / "swapped.npy")]
    command = [sys.executable, str(EXAMPLE / "client.py"), *paths, f"--url={url}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "refused with status 400" in done.stderr and "expected the shape" in done.stderr
    assert not (tmp_path / "swapped.npy").exists()


def test_newest_version(runtime, tmp_path):
    for name in ("2", "10", ".unfinished-1", "notes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "11").mkdir()
    assert runtime.newest_version(tmp_path) == tmp_path / "10"
    assert runtime.newest_version(tmp_path / "2") == tmp_path / "2"
    with pytest.raises(ValueError, match="expected an export, found no version"):
        runtime.newest_version(tmp_path / "11")
