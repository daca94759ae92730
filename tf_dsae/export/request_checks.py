"""Checks of requests inside the graph, so that they work in any server and language.

A server may feed tensors of other shapes than the signature declares. Graph optimisers trust the
declared shapes and remove comparisons with them; the model may then answer a wrong size without an
error, because frames of W x H have as many numbers as frames of H x W.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from tf_dsae.export.signatures import Value

_COUNTS = ("num_videos", "num_frames")


def check_request(
    inputs: Sequence["Value"], request: Mapping[str, tf.Tensor], largest_draw: int
) -> dict[str, tf.Tensor]:
    """The tensors of a request, name -> tensor, that whatever uses them waits for the checks.

    When run, tf.errors.InvalidArgumentError names the input for other shapes, sizes of 0, inputs
    that do not fit each other, NaN, infinity, or num_videos x num_frames above `largest_draw`.
    """
    tensors = {value.name: _of_unknown_shape(request[value.name]) for value in inputs}
    sizes = {value.name: _pad(tf.shape(tensors[value.name]), value) for value in inputs}
    checks = [_check_shape(value, tf.shape(tensors[value.name])) for value in inputs]
    tensors = _after(checks, tensors)
    tensors = _after(_check_letters(inputs, sizes), tensors)
    tensors = {value.name: _of_known_shape(tensors[value.name], value) for value in inputs}
    return _after(_check_values(tensors, largest_draw), tensors)


def _of_unknown_shape(tensor: tf.Tensor) -> tf.Tensor:
    # Through a list whose elements may have any shape: no optimiser looks into it, and nothing is
    # copied.
    elements = tf.raw_ops.EmptyTensorList(
        element_shape=-1, max_num_elements=1, element_dtype=tensor.dtype
    )
    elements = tf.raw_ops.TensorListPushBack(input_handle=elements, tensor=tensor)
    _, tensor = tf.raw_ops.TensorListPopBack(
        input_handle=elements, element_shape=-1, element_dtype=tensor.dtype
    )
    return tensor


def _of_known_shape(tensor: tf.Tensor, value: "Value") -> tf.Tensor:
    # Not tf.ensure_shape, from which optimisers conclude what the shape was before the checks.
    shape = tf.shape(tensor)
    sizes = [
        shape[axis] if isinstance(size, str) else size for axis, size in enumerate(value.shape)
    ]
    return tf.reshape(tensor, tf.cast(sizes, tf.int32))


def _after(
    checks: Sequence[tf.Operation], tensors: Mapping[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    with tf.control_dependencies(checks):
        return {name: tf.identity(tensor) for name, tensor in tensors.items()}


def _assert(condition: tf.Tensor, text: str, *received: tf.Tensor) -> tf.Operation:
    return tf.debugging.Assert(condition, [text, *received], summarize=9)


def _pad(shape: tf.Tensor, value: "Value") -> tf.Tensor:
    """The sizes of a tensor of any rank, cut or padded to the value's rank."""
    rank = len(value.shape)
    return tf.concat([shape, tf.fill([rank], -1)], 0)[:rank]


def _check_shape(value: "Value", shape: tf.Tensor) -> tf.Operation:
    rank = len(value.shape)
    smallest = [1 if isinstance(size, str) else size for size in value.shape]
    largest = [tf.int32.max if isinstance(size, str) else size for size in value.shape]
    sizes = _pad(shape, value)
    inside = tf.logical_and(
        sizes >= tf.constant(smallest, tf.int32, [rank]),
        sizes <= tf.constant(largest, tf.int32, [rank]),
    )
    right = tf.logical_and(tf.equal(tf.size(shape), rank), tf.reduce_all(inside))
    letters = " and ".join(size for size in value.shape if isinstance(size, str))
    least = f" with {letters} of at least 1" if letters else ""
    expected = f"[{', '.join(map(str, value.shape))}]{least}"
    return _assert(right, f"{value.name}: expected the shape {expected}, received", shape)


def _check_letters(inputs: Sequence["Value"], sizes: Mapping[str, tf.Tensor]) -> list[tf.Operation]:
    """Checks that a letter is one size in all inputs."""
    found: dict[str, dict[str, tf.Tensor]] = {}
    for value in inputs:
        for axis, letter in enumerate(value.shape):
            if isinstance(letter, str):
                found.setdefault(letter, {})[value.name] = sizes[value.name][axis]
    checks = []
    for letter, held in found.items():
        if len(held) > 1:
            every = tf.stack(list(held.values()))
            text = f"{' and '.join(held)}: expected the same {letter} in each, received"
            checks.append(_assert(tf.reduce_all(tf.equal(every, every[0])), text, every))
    return checks


def _check_values(tensors: Mapping[str, tf.Tensor], largest_draw: int) -> list[tf.Operation]:
    checks = []
    for name, tensor in tensors.items():
        if tensor.dtype.is_floating:
            count = tf.reduce_sum(tf.cast(~tf.math.is_finite(tensor), tf.int64))
            text = f"{name}: expected finite numbers, received so many that are NaN or infinite:"
            checks.append(_assert(tf.equal(count, 0), text, count))
        elif name in _COUNTS:
            checks.append(_assert(tensor >= 1, f"{name}: expected at least 1, received", tensor))
    if all(name in tensors for name in _COUNTS):
        counts = tf.stack([tf.cast(tensors[name], tf.int64) for name in _COUNTS])
        text = f"{' x '.join(_COUNTS)}: expected at most {largest_draw} frames, received"
        checks.append(_assert(tf.reduce_prod(counts) <= largest_draw, text, counts))
    return checks
