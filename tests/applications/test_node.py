"""BullMQ, ioredis and node-redis: their tests are programs of Node's own test runner, which are given a server."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).parent / "node"
TIMEOUT = 120


def run(name: str, port: int) -> None:
    """Runs one file of tests, and fails with what it printed."""
    node = shutil.which(os.environ.get("NODE", "node"))
    assert node, "node is not installed"
    assert (NODE / "node_modules").is_dir(), "npm ci --ignore-scripts has not been run in tests/applications/node"
    done = subprocess.run([node, "--test-reporter", "spec", f"{name}.test.mjs"], cwd=NODE, capture_output=True,
                          text=True, timeout=TIMEOUT, env=os.environ | {"KEVY_PORT": str(port)})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["bullmq", "ioredis", "node_redis"])
def test_on_one_server(kevy, name):
    kevy.connect().call("FLUSHALL")
    run(name, kevy.port)


def test_on_a_cluster(cluster):
    run("cluster", cluster.port)
