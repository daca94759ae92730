"""An MLServer runtime that answers inference requests of the V2 protocol from a SavedModel.

A request names a signature of the model in its parameters, {"signature": "swap"}, and gets the
default one, serving_default, otherwise. Its inputs and outputs have the signature's names.
"""

import asyncio
import re
from pathlib import Path

import numpy as np
import tensorflow as tf
from mlserver import MLModel
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, RequestInput, ResponseOutput

_DATATYPES = {"uint8": "UINT8", "int32": "INT32", "float32": "FP32"}


class SavedModel(MLModel):
    """The newest version in the folder that the settings name as uri."""

    async def load(self) -> bool:
        folder = newest_version(Path(self.settings.parameters.uri).expanduser())
        # The signatures do not keep the variables alive, the model does.
        self.model = tf.saved_model.load(str(folder))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        # In a thread, so that the server can say meanwhile that it is alive.
        outputs = await asyncio.to_thread(answer, self.model.signatures, payload)
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=outputs)


def newest_version(folder: Path) -> Path:
    """The folder itself where it holds a SavedModel, or else its highest number that does."""
    if (folder / "saved_model.pb").exists():
        return folder
    versions = [path.parent for path in folder.glob("*/saved_model.pb")]
    versions = [path for path in versions if path.name.isdecimal()]
    if not versions:
        raise ValueError(
            f"uri: expected an export, found no version in {folder}; set MLSERVER_MODEL_URI"
        )
    return max(versions, key=lambda path: int(path.name))


def answer(signatures, payload: InferenceRequest) -> list[ResponseOutput]:
    """What the signature that a request names says to its inputs.

    Raises:
      InferenceError: the request does not fit; HTTP's status 400.
    """
    name = getattr(payload.parameters, "signature", "serving_default")
    if name not in list(signatures):
        known = ", ".join(signatures)
        raise InferenceError(f"signature: expected one of {known}, received {name!r}")
    specs = signatures[name].structured_input_signature[1]
    given = {value.name: value for value in payload.inputs}
    if set(given) != set(specs) or len(given) != len(payload.inputs):
        received = ", ".join(value.name for value in payload.inputs)
        raise InferenceError(f"inputs: {name} takes {', '.join(specs)}, received {received}")
    tensors = {key: tf.constant(to_array(given[key], specs[key].dtype)) for key in specs}
    try:
        answers = signatures[name](**tensors)
    except tf.errors.InvalidArgumentError as error:
        # What the model's own checks say stands in one line of TensorFlow's message.
        said = re.search(r"assertion failed: (.*)", error.message)
        raise InferenceError(said[1] if said else error.message) from error
    return [to_output(key, value.numpy()) for key, value in answers.items()]


def to_array(value: RequestInput, dtype: tf.DType) -> np.ndarray:
    """An input of a request: numbers, nested or flat, in a shape."""
    expected, received = _DATATYPES[dtype.name], getattr(value.datatype, "value", value.datatype)
    if received != expected:
        raise InferenceError(f"{value.name}: expected {expected}, received {received}")
    numbers = getattr(value.data, "root", value.data)
    try:
        kinds = "uif" if dtype.is_floating else "ui"
        # NumPy would round and parse without a word.
        if np.size(numbers) and np.asarray(numbers).dtype.kind not in kinds:
            raise ValueError(f"numbers that are not {expected}")
        return np.array(numbers, dtype.as_numpy_dtype).reshape(value.shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise InferenceError(
            f"{value.name}: expected {expected} of the shape {value.shape}, received {error}"
        ) from error


def to_output(name: str, value: np.ndarray) -> ResponseOutput:
    """An output of an answer: its numbers flat, row by row."""
    datatype = _DATATYPES[value.dtype.name]
    return ResponseOutput(
        name=name, shape=list(value.shape), datatype=datatype, data=value.ravel().tolist()
    )
