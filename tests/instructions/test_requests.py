"""What a request costs, in instructions from its bytes to its reply's: they repeat, whatever else the machine does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.servers import start_kevy
from support.wait import eventually

PIPELINE = 16
REQUESTS = 2_000
# A compiler, or a change for a good reason, may move a count; what doubles a path does not pass.
TOLERANCE = 1.4

CASES = {
    "GET": (1_400, lambda number: ("GET", f"key:{number % 1000}")),
    "SET": (1_800, lambda number: ("SET", f"key:{number % 1000}", "x" * 32)),
    "HSET": (3_200, lambda number: ("HSET", f"hash:{number % 100}", f"field:{number % 40}", "x" * 16)),
    "EVAL": (22_000, lambda number: ("EVAL", "return redis.call('GET', KEYS[1])", "1", f"key:{number % 1000}")),
    "ZADD": (3_400, lambda number: ("ZADD", "sorted", number * 7 % 1000, f"member:{number % 1000}")),
}


class Counted:
    """A server under callgrind."""

    def __init__(self, directory: Path):
        self.directory = directory
        valgrind = shutil.which("valgrind")
        assert valgrind, "valgrind is not installed: it counts the instructions"
        under = (valgrind, "--tool=callgrind", f"--callgrind-out-file={directory}/out")
        self.server = start_kevy(under=under)
        self.session = self.server.connect()

    def run(self, request) -> None:
        for first in range(0, REQUESTS, PIPELINE):
            self.session.pipeline([request(number) for number in range(first, first + PIPELINE)])

    def instructions(self) -> int:
        """Those of all threads since this was last asked for."""
        before = set(self.directory.glob("out.*"))
        subprocess.run(["callgrind_control", "-d", str(self.server.pid)], check=True, capture_output=True)
        found = []

        def is_written() -> bool:
            new = set(self.directory.glob("out.*")) - before
            found[:] = [re.search(r"^totals: (\d+)", file.read_text(), re.M) for file in new]
            return bool(found) and all(found)

        eventually(is_written, "callgrind has written its counts")
        return sum(int(total[1]) for total in found)


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    counted = Counted(tmp_path_factory.mktemp("callgrind"))
    with counted.server:
        yield counted


@pytest.mark.parametrize("verb", CASES)
def test_a_request_takes_no_more_instructions_than_it_did(counted, verb):
    expected, request = CASES[verb]
    counted.run(request)
    counted.instructions()
    counted.run(request)
    each = counted.instructions() / REQUESTS
    print(f"{verb}: {each:.0f} instructions a request")
    assert each <= expected * TOLERANCE
