"""Waiting for a condition, never for a length of time."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")

#: Long enough for the busiest machine; a test that passes never waits this long.
DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.005


def eventually(condition: Callable[[], T], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """Asks ``condition`` until it answers something true, and returns that. Fails after ``seconds``.

    A condition that raises AssertionError counts as not yet true; the last such error is the cause of the failure.
    """
    deadline = time.monotonic() + seconds
    while True:
        why = None
        try:
            answer = condition()
        except AssertionError as error:
            answer, why = None, error
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds} s: {what}") from why
        time.sleep(PAUSE_SECONDS)
