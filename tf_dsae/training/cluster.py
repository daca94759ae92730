"""Training on several devices and several machines: strategy, chief, agreement of settings."""

import contextlib
import hashlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError, reason
from tf_dsae.training.cluster_task import CHOICES, VARIABLE, read_task
from tf_dsae.training.signals import handle_signals

# What a step says on the workers that are left when one is lost.
_LOST = re.compile(r"aborted by:? (.*)|heartbeat|connection|/job:.*/task:\d", re.IGNORECASE)


def make_strategy(name: str | None = None, batch_size: int | None = None) -> tf.distribute.Strategy:
    """The strategy of that name; call this before any other function of TensorFlow.

    Args:
      name: "none", one device; "mirrored", all GPUs of this machine, or all its logical CPUs where
        there is none; "multi_worker", the machines that TF_CONFIG names, with all GPUs of each, for
        which this waits; None, "mirrored" where there are several GPUs, else "none".
      batch_size: with None as the name, takes as many GPUs as can share it equally.

    Raises:
      UserError: another name, or TF_CONFIG makes no sense.
    """
    if name is not None and name not in CHOICES:
        raise UserError(f"distribute: expected one of {', '.join(CHOICES)}, received {name!r}")
    if name == "multi_worker":
        return _multi_worker()
    gpus = tf.config.list_logical_devices("GPU")
    if name is None and batch_size is not None:
        gpus = gpus[: max((n for n in range(len(gpus) + 1) if n and not batch_size % n), default=0)]
    devices = gpus or (tf.config.list_logical_devices("CPU") if name == "mirrored" else [])
    if name == "none" or len(devices) < 2:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _multi_worker() -> tf.distribute.Strategy:
    task = read_task(os.environ.get(VARIABLE))
    if len(task.workers) > 1:
        print(
            f"worker {task.place} of {len(task.workers)}, {task.workers[task.place]}: waiting for "
            "the others",
            file=sys.stderr,
            flush=True,
        )
    try:
        # TensorFlow waits without letting a handler of Python run: Ctrl-C ends the process.
        with handle_signals(signal.SIG_DFL):
            return tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, RuntimeError) as error:
        raise UserError(
            f"{VARIABLE}: expected to join {', '.join(task.workers)} as worker {task.place}, "
            f"received: {reason(error)}; look whether the address is this machine's and free, and "
            "the others are started"
        ) from None


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """The number of processes of a strategy."""
    resolver = strategy.cluster_resolver
    spec = resolver.cluster_spec() if resolver else None
    return max(1, sum(map(spec.num_tasks, spec.jobs))) if spec else 1


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes files and messages."""
    if num_workers(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    leads = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return (resolver.task_type, resolver.task_id) == (leads, 0)


def broadcast_variables(strategy: tf.distribute.Strategy, variables: Sequence[tf.Variable]) -> None:
    """Gives every replica of every worker the values that the chief's first replica has."""
    if strategy.num_replicas_in_sync == 1:
        return

    @tf.function
    def chiefs() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        values = [tf.convert_to_tensor(variable) for variable in variables]
        mine = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
        return [context.all_reduce(tf.distribute.ReduceOp.SUM, value) for value in mine]

    for variable, values in zip(variables, strategy.run(chiefs), strict=True):
        held = zip(list_copies(variable), strategy.experimental_local_results(values), strict=False)
        for copy, value in held:
            copy.assign(value)


def list_copies(variable: tf.Variable) -> tuple[tf.Variable, ...]:
    """This process's copies of a variable, one for each of its replicas.

    They are read and written without other workers.
    """
    return getattr(variable, "values", None) or (variable,)


def pick_copy(variable: tf.Variable) -> tf.Variable:
    """The first of this process's copies."""
    return list_copies(variable)[0]


def check_agreement(strategy: tf.distribute.Strategy, settings: Any) -> None:
    """Raises UserError on every worker if one has other `settings`, plain data."""
    if num_workers(strategy) == 1:
        return
    text = json.dumps(settings, sort_keys=True)
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint16).astype(np.int32)
    mine = tf.Variable(digest)
    broadcast_variables(strategy, [mine])
    differs = tf.constant(float(not np.array_equal(mine.numpy(), digest)))
    if float(_sum_over_workers(strategy, differs)):
        raise UserError(
            "distribute: expected every worker to have the same settings, videos and version of "
            "this package, found others; start the same command on all of them"
        )


def _sum_over_workers(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    """The sum of what every replica's process holds; waits for all of them."""
    add = tf.function(lambda: tf.distribute.get_replica_context().all_reduce("SUM", value))
    return strategy.experimental_local_results(strategy.run(add))[0]


def make_vote(strategy: tf.distribute.Strategy) -> Callable[[bool], bool]:
    """A function that tells every worker, between two steps, whether any of them says yes."""
    if num_workers(strategy) == 1:
        return bool
    mine = tf.Variable(0.0)
    # Of a variable, so that it is traced once.
    add = tf.function(lambda: tf.distribute.get_replica_context().all_reduce("SUM", mine + 0.0))

    def any_says(yes: bool) -> bool:
        mine.assign(float(yes))
        return float(strategy.experimental_local_results(strategy.run(add))[0]) > 0

    return any_says


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when all workers have called it."""
    if num_workers(strategy) > 1:
        _sum_over_workers(strategy, tf.constant(0.0))


def batches(
    strategy: tf.distribute.Strategy,
    make: Callable[[tf.distribute.InputContext | None], tf.data.Dataset],
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Each worker's data: `make(input_context)`, or `make(None)` if there is one replica."""
    if strategy.num_replicas_in_sync == 1:
        return make(None)
    return strategy.distribute_datasets_from_function(make)


@contextlib.contextmanager
def name_lost_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turns the error of a step that lost another worker into a UserError."""
    try:
        yield
    except tf.errors.OpError as error:
        cause = _LOST.search(str(error))
        if cause is None or num_workers(strategy) == 1:
            raise
        said = (cause[1] or reason(error)).rstrip(":")[:200]
        raise UserError(
            f"distribute: expected {num_workers(strategy)} workers to go on, lost one ({said}); "
            "look at the others' own messages, and start all of them again: the run goes on from "
            "its last checkpoint"
        ) from error
