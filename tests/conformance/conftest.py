"""Servers that the whole run shares, and one parameter per surface under test."""

import os

import pytest

from support.servers import Server, start_kevy, start_redis

from .targets import InProcessTarget, SocketTarget, Target, in_process_is_built

SHARDS = (1, 3)

#: Surfaces under test. With `CONFORMANCE_SELF=1` the reference is compared with itself, which checks the cases.
if os.environ.get("CONFORMANCE_SELF"):
    TARGETS = {"redis": lambda: SocketTarget(start_redis())}
else:
    TARGETS = {f"kevy-{n}": lambda n=n: SocketTarget(start_kevy(shards=n)) for n in SHARDS}
    if in_process_is_built():
        TARGETS["in-process"] = lambda: InProcessTarget(2)

SURFACES = [
    pytest.param((name, protocol), id=f"{name}-resp{protocol}")
    for name in TARGETS
    for protocol in ((3,) if name == "in-process" else (2, 3))
]


#: Lines for the end of the run.
SUMMARY: list[str] = []


def pytest_terminal_summary(terminalreporter):
    for line in SUMMARY:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def reference() -> Target:
    target = SocketTarget(start_redis())
    yield target
    target.close()


@pytest.fixture(scope="session")
def targets():
    """Targets by name, each started when first asked for."""
    started: dict[str, Target] = {}

    def get(name: str) -> Target:
        if name not in started:
            started[name] = TARGETS[name]()
        return started[name]

    yield get
    for target in started.values():
        target.close()


@pytest.fixture(params=SHARDS, ids=lambda n: f"shards{n}")
def kevy(request):
    """A server of one's own."""
    with start_kevy(shards=request.param) as server:
        yield server


@pytest.fixture(scope="session")
def shared():
    """A running server with that many shards, shared by tests that leave it as they found it."""
    started: dict[int, Server] = {}

    def get(shards: int) -> Server:
        if shards not in started:
            started[shards] = start_kevy(shards=shards)
        return started[shards]

    yield get
    for server in started.values():
        server.close()
