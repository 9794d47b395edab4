"""Runs cases on worker processes, with a progress bar for a person who watches."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
R = TypeVar("R")

Tick = Callable[[], None]


def each_of(work: Callable[[T], R], tasks: Sequence[T], workers: int, words: str) -> Iterator[R]:
    """The result of every task, as they come; in this process where there is one worker."""
    with ticking(words, len(tasks)) as tick:
        for result in _results(work, tasks, workers):
            tick()
            yield result


def _results(work: Callable[[T], R], tasks: Sequence[T], workers: int) -> Iterator[R]:
    if workers <= 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(work, task) for task in tasks]):
            yield future.result()


@contextmanager
def ticking(words: str, total: int) -> Iterator[Tick]:
    """A bar on stderr for a person; a line every tenth for a log."""
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(words, total=total)
            yield lambda: bar.advance(task)
        return
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if done * 10 // total > (done - 1) * 10 // total:
            sys.stderr.write(f"{words}: {done} of {total}\n")

    yield tick
