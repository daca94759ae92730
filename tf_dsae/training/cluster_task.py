"""The machines of a training as TF_CONFIG describes them, read without TensorFlow."""

import json
from typing import Any, NamedTuple

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError

CHOICES = ("none", "mirrored", "multi_worker")
VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


class Task(NamedTuple):
    """One process of a cluster: its place among all `workers`, "host:port", the chief first."""

    workers: tuple[str, ...]
    place: int


def read_task(text: str | None) -> Task:
    """This process's task from TF_CONFIG.

    Raises:
      UserError: it is missing, no JSON, or names no cluster of workers and a task of it.

    Example:
      >>> read_task(
      ...     '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'
      ... )
      Task(workers=('a:1', 'b:1'), place=1)
    """
    expected = f"{VARIABLE}: expected JSON such as {_EXAMPLE}"
    if not text:
        raise UserError(f"{expected}, received none; set it on every machine")
    try:
        config = json.loads(text)
        jobs, kind, index = config["cluster"], config["task"]["type"], int(config["task"]["index"])
        if not 0 <= index < len(jobs[kind]) or not all(map(_are_addresses, jobs.values())):
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UserError(f"{expected}, received {quote(text)}") from None
    unknown = set(jobs) - {"chief", "worker"}
    if unknown:
        raise UserError(
            f"{VARIABLE}: expected tasks of type chief and worker, received "
            f"{quote(min(unknown))}; leave it out"
        )
    chiefs = jobs.get("chief", [])
    workers = (*chiefs, *jobs.get("worker", []))
    if len(chiefs) > 1 or len(set(workers)) < len(workers):
        raise UserError(
            f"{VARIABLE}: expected at most one chief, and different addresses, received "
            f"{quote(text)}; give each process its own"
        )
    return Task(workers, index + (len(chiefs) if kind == "worker" else 0))


def _are_addresses(job: Any) -> bool:
    return isinstance(job, list) and all(isinstance(address, str) for address in job)
