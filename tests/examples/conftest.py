"""A directory that holds the clone as `kevy`, and programs that run until they are told to stop."""

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.servers import ROOT
from support.wait import DEADLINE_SECONDS

#: Other crates are built as in the workspace, so that they are there already; kevy itself, whose path is new to cargo
#: every time, as quickly as can be.
PROFILE = """
[profile.dev]
opt-level = 3
debug = false

[profile.dev.package.kevy-core]
opt-level = 0
"""

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
COMPILE_SECONDS = 600.0


class Running:
    """A program whose lines are read as they come."""

    def __init__(self, words: list[str], directory: Path, environment: dict[str, str]):
        self.process = subprocess.Popen(
            words,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def until(self, wanted: str, seconds: float = DEADLINE_SECONDS) -> list[str]:
        """Lines up to one that contains ``wanted``, that one included."""
        seen: list[str] = []
        while not seen or wanted not in seen[-1]:
            try:
                line = self.lines.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no line with {wanted!r} within {seconds} s after {seen}") from None
            assert line is not None, f"ended before a line with {wanted!r}: {seen}"
            seen.append(line)
        return seen

    def end(self, signal: int) -> int:
        """Sends a signal to the program and whatever it started, and returns its exit code."""
        os.killpg(self.process.pid, signal)
        return self.process.wait(DEADLINE_SECONDS)


@pytest.fixture
def start():
    """Starts programs, and ends what is left of them."""
    running: list[Running] = []

    def start(words: list[str], directory: Path, environment: dict[str, str] | None = None) -> Running:
        running.append(Running(words, directory, environment or dict(os.environ)))
        return running[-1]

    yield start
    for program in running:
        if program.process.poll() is None:
            program.end(9)


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Path:
    """Where a newcomer works: a directory that holds the clone as `kevy`."""
    desk = tmp_path_factory.mktemp("desk")
    clone = desk / "kevy"
    clone.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in ("target", ".venv", ".git"):
            (clone / entry.name).symlink_to(entry)
    (clone / "target").symlink_to(TARGET)
    (clone / ".venv").symlink_to(sys.prefix)
    (desk / ".cargo").mkdir()
    (desk / ".cargo" / "config.toml").write_text(PROFILE)
    return desk


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Builds land where they would anyway, and nothing is looked up that is here already."""
    own = {
        "CARGO_INCREMENTAL": "0",
        "CARGO_TARGET_DIR": str(TARGET),
        "CARGO_NET_OFFLINE": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_loglevel": "error",
        "npm_config_prefer_offline": "true",
        "npm_config_progress": "false",
    }
    return os.environ | own


@pytest.fixture(scope="session")
def shell(desk, environment):
    """Runs a block of shell commands at the desk and returns what it printed."""

    def run(commands: str) -> str:
        words = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(
            words, cwd=desk, env=environment, capture_output=True, text=True, timeout=COMPILE_SECONDS
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
