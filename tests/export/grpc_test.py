"""A SavedModel behind gRPC: TensorFlow Serving's own messages, over a real connection."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tests.conftest import B, C, F, H, T, W, Z
from tests.export.conftest import SIGNATURES, as_arrays, assert_same_bits, random_requests

# A client of videos takes answers of any size; gRPC's own limit is 4 MiB.
_ANY_SIZE = [("grpc.max_receive_message_length", -1)]


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict from the signatures of a SavedModel, by name."""

    def __init__(self, signatures, answer):
        self.inputs = {
            name: set(function.structured_input_signature[1])
            for name, function in signatures.items()
        }
        self.answer = answer

    def Predict(self, request, context):
        name = request.model_spec.signature_name or "serving_default"
        # TensorFlow Serving looks at these names itself, with these codes and about these words.
        if name not in self.inputs:
            text = f'Serving signature key "{name}" not found.'
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
        if set(request.inputs) != self.inputs[name]:
            given, known = set(request.inputs), self.inputs[name]
            text = f"Sent extra: {given - known}. Missing but required: {known - given}."
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        try:
            answer = self.answer(name, inputs)
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        response = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for key, value in answer.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
        return response


@pytest.fixture(scope="module", params=["as Python calls it", "as C++ feeds it"])
def port(request, loaded, server):
    """Of a server that answers from the SavedModel."""

    def call(name, inputs):
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        return as_arrays(loaded.signatures[name](**tensors))

    answer = server if "C++" in request.param else call
    with ThreadPoolExecutor(2) as threads:
        listening = grpc.server(threads, options=_ANY_SIZE)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            Service(loaded.signatures, answer), listening
        )
        found = listening.add_insecure_port("127.0.0.1:0")
        listening.start()
        yield found
        listening.stop(None).wait()


def connect(port, options=()):
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=options)


@pytest.fixture(scope="module")
def predict(port):
    """Sends a request to a signature: arrays in, arrays out."""
    with connect(port, _ANY_SIZE) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        yield lambda name, inputs: send(stub, message(name, inputs))


def message(name, inputs) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "sprites"
    request.model_spec.signature_name = name
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def send(stub, request) -> dict[str, np.ndarray]:
    # The first call on a connection may wait for a busy machine.
    response = stub.Predict(request, timeout=60, wait_for_ready=True)
    return {key: tf.make_ndarray(value) for key, value in response.outputs.items()}


def assert_refused(predict, expected, name, inputs, *words):
    """INVALID_ARGUMENT that says what is wrong, and the next request is answered."""
    with pytest.raises(grpc.RpcError) as failure:
        predict(name, inputs)
    assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    for word in words:
        assert word in failure.value.details()
    assert_same_bits(predict(name, random_requests()[name]), expected[name])


@pytest.mark.parametrize("name", SIGNATURES)
def test_answers_are_the_models(predict, expected, name):
    assert_same_bits(predict(name, random_requests()[name]), expected[name])


def test_without_a_signatures_name(predict, expected):
    answer = predict("", random_requests()["serving_default"])
    assert_same_bits(answer, expected["serving_default"])


def test_clients_at_the_same_time(port, expected):
    def ask(name):
        with connect(port, _ANY_SIZE) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            return name, send(stub, message(name, random_requests()[name]))

    with ThreadPoolExecutor(4) as clients:
        for name, answer in clients.map(ask, SIGNATURES * 3):
            assert_same_bits(answer, expected[name])


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        (
            "encode",
            {"video": np.zeros((B, T, W, H, C), np.uint8)},
            f"video: expected the shape [B, T, {H}, {W}, {C}] with B and T of at least 1, received",
        ),
        ("encode", {"video": np.zeros((B, 0, H, W, C), np.uint8)}, "video: expected the shape"),
        ("reconstruct", {"video": np.zeros((T, H, W, C), np.uint8)}, "video: expected the shape"),
        ("swap", {"content": np.zeros((1, 2, H, W, C), np.uint8)}, "content and motion: expected"),
        ("decode", {"f": np.full((B, F), np.nan, np.float32)}, "f: expected finite numbers"),
        ("decode", {"z": np.zeros((B, T, Z + 1), np.float32)}, "z: expected the shape"),
        ("generate", {"num_frames": np.int32(0)}, "num_frames: expected at least 1"),
        ("sample_prior", {"num_videos": np.int32(2**31 - 1)}, "num_videos x num_frames: expected"),
        ("score", {"seed": np.int32(3)}, "seed: expected the shape [2], received"),
        ("score", {"sede": np.int32([3, 4])}, "Sent extra: {'sede'}"),
    ],
)
def test_requests_that_do_not_fit(predict, expected, name, changes, words):
    request = random_requests()[name] | changes
    assert_refused(predict, expected, name, request, words)


def test_missing_input(predict, expected):
    request = {"motion": random_requests()["swap"]["motion"]}
    assert_refused(predict, expected, "swap", request, "Missing but required: {'content'}")


def test_no_such_signature(predict):
    with pytest.raises(grpc.RpcError) as failure:
        predict("train", random_requests()["encode"])
    assert failure.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert '"train" not found' in failure.value.details()


def test_videos_of_floats(predict, expected):
    request = {"video": random_requests()["encode"]["video"].astype(np.float32)}
    assert_refused(predict, expected, "encode", request, "float", "uint8")


def test_videos_may_need_more_than_grpcs_own_limit(port, predict):
    """An answer of more than 4 MiB needs the client's limit raised."""
    frames = 1 + 2**22 // (4 * H * W * C)
    request = {"seed": np.int32([1, 2]), "num_videos": np.int32(1), "num_frames": np.int32(frames)}
    with connect(port) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        with pytest.raises(grpc.RpcError) as failure:
            send(stub, message("generate", request))
    assert failure.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert predict("generate", request)["video"].shape == (1, frames, H, W, C)


# --- JSON, as TensorFlow Serving's HTTP port turns it into the same messages.


def as_rows(name, inputs) -> dict:
    """{"instances": [...]}: one object for each size of the first axis."""
    rows = [
        dict(zip(inputs, values, strict=True))
        for values in zip(*(np.asarray(value).tolist() for value in inputs.values()), strict=True)
    ]
    return {"signature_name": name, "instances": rows}


def from_json(body, dtypes) -> predict_pb2.PredictRequest:
    """Values go into a list of their kind, one by one; rows become the first axis."""
    given = body.get("inputs") or {
        key: [row[key] for row in body["instances"]] for key in body["instances"][0]
    }
    request = message(body["signature_name"], {})
    for key, values in given.items():
        tensor, values = request.inputs[key], np.asarray(values, dtypes[key])
        tensor.dtype = tf.as_dtype(dtypes[key]).as_datatype_enum
        for size in values.shape:
            tensor.tensor_shape.dim.add().size = size
        held = tensor.float_val if dtypes[key] == np.float32 else tensor.int_val
        held.extend(values.ravel().tolist())
    return request


@pytest.fixture(scope="module")
def post(port):
    with connect(port, _ANY_SIZE) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def post(body):
            inputs = random_requests()[body["signature_name"]]
            return send(stub, from_json(body, {key: x.dtype for key, x in inputs.items()}))

        yield post


@pytest.mark.parametrize("name", SIGNATURES)
def test_json_in_columns(post, expected, name):
    inputs = {key: np.asarray(value).tolist() for key, value in random_requests()[name].items()}
    assert_same_bits(post({"signature_name": name, "inputs": inputs}), expected[name])


@pytest.mark.parametrize("name", ["serving_default", "reconstruct", "encode", "decode", "swap"])
def test_json_in_rows(post, expected, name):
    assert_same_bits(post(as_rows(name, random_requests()[name])), expected[name])


def test_json_in_rows_has_no_place_for_a_seed(post):
    """A row is a video; a seed, and counts, are of the whole request."""
    request = random_requests()["score"]
    rows = as_rows("score", request | {"seed": np.stack([request["seed"]] * B)})
    with pytest.raises(grpc.RpcError, match="seed: expected the shape \\[2\\], received"):
        post(rows)
