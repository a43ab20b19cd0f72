"""The examples in Rust; the tests of the library and of the packages run the others."""

import json
import signal
import subprocess

import pytest

from support.servers import ROOT, start_kevy

from .conftest import COMPILE_SECONDS

EXAMPLES = ROOT / "examples"
PRINTED = {
    "embed": "greeting = hello\nnothing is not there\nkeys: 5\n",
    "dispatch": """\
HSET user:1 name ada visits 41: integer 2
HINCRBY user:1 visits 1: integer 42
HGETALL user:1: map of 4
  name
  ada
  visits
  42
GET user:1: error WRONGTYPE Operation against a key holding the wrong kind of value
batch: array of 3
  OK
  integer 11
  integer 12
MULTI: OK
DECRBY account:1 5: QUEUED
INCRBY account:2 5: QUEUED
EXEC: array of 2
  integer -5
  integer 5
""",
    "commands": """\
left: 2
left: 1
left: 0
left: -1
refused: 1
in a transaction: [2, 60000]
WRONGTYPE Operation against a key holding the wrong kind of value
""",
}


@pytest.fixture(scope="module")
def rust() -> dict[str, str]:
    """The examples in Rust by name, compiled."""
    build = subprocess.run(
        ["cargo", "build", "--quiet", "-p", "kevy-examples", "--message-format=json"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        timeout=COMPILE_SECONDS,
    )
    messages = (json.loads(line) for line in build.stdout.splitlines())
    return {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}


def test_every_example_in_rust_is_run(rust):
    assert sorted(rust) == sorted(path.stem for path in (EXAMPLES / "rust").glob("*.rs"))
    assert sorted(rust) == sorted([*PRINTED, "serve", "tail"])


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_in_rust_prints_what_it_should(rust, name):
    done = subprocess.run([rust[name]], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", PRINTED[name])


def test_serve_in_rust_answers_until_a_client_shuts_it_down(rust, start, tmp_path):
    server = start([rust["serve"]], tmp_path)
    port = server.until("listening on port")[-1].split()[-1]

    def ask(*words: str) -> str:
        words = ("redis-cli", "-p", port, *words)
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    assert ask("GET", "greeting") == "hello"
    ask("SHUTDOWN")
    server.until("stopped")
    assert server.process.wait(60) == 0


def test_tail_in_rust_resumes_from_its_cursor_after_a_kill(rust, start, tmp_path):
    with start_kevy(shards=2) as primary, primary.connect() as db:
        words = [rust["tail"], f"kevy://127.0.0.1:{primary.port}", "cursor"]
        db.call("SET", "before", "1")

        follower = start(words, tmp_path)
        seen = follower.until("snapshot ends")
        assert "snapshot begins" in seen and "db 0: SET before 1" in seen
        for number in range(2):
            # That the second one comes says that the cursor after the first is kept.
            db.call("SET", "live", number)
            follower.until(f"SET live {number}")
        follower.end(signal.SIGKILL)

        db.call("SET", "while-away", "2")
        seen = start(words, tmp_path).until("SET while-away 2")
        assert "snapshot begins" not in seen
