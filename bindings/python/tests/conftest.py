"""Fixtures of the package's own tests."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

import kevy

pytest_plugins = ["pytester"]


@pytest.fixture
def runtime() -> Iterator[kevy.Runtime]:
    """A runtime without a port, with more than one shard."""
    with kevy.Runtime(shards=2) as rt:
        yield rt


@pytest.fixture
def db(runtime: kevy.Runtime) -> kevy.Session[bytes]:
    return runtime.session()


@pytest.fixture
def text(runtime: kevy.Runtime) -> kevy.Session[str]:
    return runtime.session(decode_responses=True)


Script = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script() -> Script:
    """Runs a program in a process of its own and returns what it printed."""

    def run(source: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", textwrap.dedent(source)],
            capture_output=True,
            text=True,
            timeout=60,
            # Whoever runs the tests in the background has Ctrl-C ignored, which programs inherit.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return run
