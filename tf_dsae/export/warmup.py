"""Warm-up requests, which TF Serving runs when it loads a model, so that no client waits."""

import os

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from tf_dsae.export.signatures import Value, signatures
from tf_dsae.layers.model_config import ModelConfig

FILE = "tf_serving_warmup_requests"  # TF Serving looks for this name in assets.extra.
_COUNTS = {"num_videos": 1, "num_frames": 2}
_SIZES = {"B": 1, "S": 2, "T": 2}


def example_requests(config: ModelConfig) -> dict[str, dict[str, np.ndarray]]:
    """A small request for every signature: signature -> input -> value."""
    return {
        name: {value.name: _example(value) for value in signature.inputs}
        for name, signature in signatures(config).items()
    }


def _example(value: Value) -> np.ndarray:
    shape = [size if isinstance(size, int) else _SIZES[size] for size in value.shape]
    return np.full(shape, _COUNTS.get(value.name, 0), value.dtype)


def write_warmup(path: str | os.PathLike, config: ModelConfig) -> None:
    """Writes a TFRecord of PredictionLogs, one for every signature."""
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for name, request in example_requests(config).items():
            predict = predict_pb2.PredictRequest()
            predict.model_spec.signature_name = name
            for key, value in request.items():
                predict.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=predict)
            )
            writer.write(log.SerializeToString())
