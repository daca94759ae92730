"""What the benchmarks share: seconds of calls, after some that build graphs and caches."""

import time
from collections.abc import Callable

import numpy as np


def seconds_of_calls(
    function: Callable[[], object], seconds: float, warm_up: int = 2, at_least: int = 5
) -> np.ndarray:
    """Of every call of so many seconds, of `at_least` so many, after those that do not count."""
    for _ in range(warm_up):
        function()
    times: list[float] = []
    while sum(times) < seconds or len(times) < at_least:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return np.array(times)
