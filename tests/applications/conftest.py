"""A server for each file of tests, on one shard and on three, and the programs that work beside it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.servers import STOP_SECONDS, start_kevy

TESTS = Path(__file__).resolve().parents[1]
SHARDS = (1, 3)


@pytest.fixture(scope="module", params=SHARDS, ids=lambda n: f"shards{n}")
def kevy(request):
    with start_kevy(shards=request.param) as server:
        yield server


@pytest.fixture(scope="module")
def cluster():
    """A server whose shards are the nodes of a cluster."""
    with start_kevy(shards=3, cluster_enabled="yes") as server:
        yield server


@pytest.fixture
def url(kevy) -> str:
    kevy.connect().call("FLUSHALL")
    return f"redis://127.0.0.1:{kevy.port}/0"


class Program:
    """A process that works until the tests end it; what it printed is in its log."""

    def __init__(self, words: list[str], log: Path, environment: dict[str, str]):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                words, cwd=TESTS, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM, and the exit code: a worker finishes what it has in hand."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def end(self) -> None:
        if self.is_running():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_SECONDS)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Starts Python modules by name, and ends what is left of them."""
    directory = tmp_path_factory.mktemp("programs")
    running: list[Program] = []

    def start(*words: str, **environment: str) -> Program:
        log = directory / f"{len(running)}.log"
        running.append(Program([sys.executable, "-m", *words], log, environment))
        return running[-1]

    yield start
    for program in running:
        program.end()
