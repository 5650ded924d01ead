"""How a figure is taken: warm-ups, interleaved runs, percentiles, machine.

A row of the table is a scenario with contenders. Contenders run in turn, A B A B, so that a
machine whose speed drifts treats them alike; the ratio is taken between medians.
"""

import dataclasses
import gc
import os
import platform
import statistics
import time
from collections.abc import Callable

WARMUPS = 3
RUNS = 10


@dataclasses.dataclass
class Series:
    """The runs of one contender. Values are seconds unless `unit` says otherwise."""

    contender: str
    seconds: list
    amount: float = 0  # rows, bytes … moved by one run; 0: the time itself is the figure
    unit: str = "s"
    peak_bytes: int | None = None

    def figures(self) -> list:
        """A figure a run: amount a second, or the time."""
        return [self.amount / s for s in self.seconds] if self.amount else list(self.seconds)

    def summary(self) -> dict:
        values = sorted(self.figures())
        return {
            "contender": self.contender,
            "unit": self.unit,
            "median": statistics.median(values),
            "p5": percentile(values, 5),
            "p95": percentile(values, 95),
            "runs": len(values),
            "peak_bytes": self.peak_bytes,
        }


@dataclasses.dataclass
class Row:
    """One line of the results: a scenario, its contenders, and what is asked of it."""

    number: str
    title: str
    conditions: str  # durability, shape, compressibility, threads
    series: list
    ratios: list = dataclasses.field(default_factory=list)  # Ratio objects


@dataclasses.dataclass
class Ratio:
    """A ratio, or another figure, and what is asked of it."""

    text: str
    value: float
    goal: float | None  # None: told to judge the others by
    at_least: bool = True  # False: the value must not exceed the goal

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def percentile(ordered: list, percent: float) -> float:
    """Nearest-rank percentile of an ordered list."""
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered) + 0.5) - 1))]


def interleave(
    contenders: dict[str, Callable[[], None]], runs: int = RUNS, warmups: int = WARMUPS
) -> dict[str, list]:
    """Runs the contenders in turn; seconds of each counted run by contender.

    A contender may return a float: the seconds it measured itself.
    """
    seconds = {name: [] for name in contenders}
    for attempt in range(warmups + runs):
        for name, action in contenders.items():
            gc.collect()
            start = time.perf_counter()
            own = action()
            taken = own if isinstance(own, float) else time.perf_counter() - start
            if attempt >= warmups:
                seconds[name].append(taken)
    return seconds


def median(series: Series) -> float:
    return statistics.median(series.figures())


def machine() -> dict:
    """What the figures were taken on."""
    model = "unknown processor"
    with open("/proc/cpuinfo") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as meminfo:
        memory_kib = int(meminfo.readline().split()[1])
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kib / 2**20),
        "kernel": ".".join(platform.release().split(".")[:2]),
    }
