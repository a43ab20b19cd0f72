"""What the README says can be pasted does what the README says it does."""

import re
import signal
import subprocess

import pytest

from support.servers import ROOT, free_port, start_kevy

from .conftest import COMPILE_SECONDS
from .readme import sections

SECTIONS = sections()
QUICK_STARTS = ["Python", "Node", "C", "Rust"]
PORT = "6380"


@pytest.fixture(scope="module")
def at_desk(desk):
    """Saves the programs of a section and returns it, with a port that is free in place of the README's."""

    def save(title: str, port: int | str = PORT):
        section = SECTIONS[title]
        for name, program in section.programs.items():
            (desk / name).write_text(program.replace(PORT, str(port)))
        return [(commands.replace(PORT, str(port)), output) for commands, output in section.commands]

    return save


@pytest.fixture(scope="module")
def quick_starts(at_desk, shell):
    """What each quick start printed, with what it should have; each runs once, as the others build on it."""
    printed: dict[str, tuple[str, str | None]] = {}

    def get(title: str) -> tuple[str, str | None]:
        if title not in printed:
            *before, (commands, output) = at_desk(title)
            for preparation, _ in before:
                shell(preparation)
            printed[title] = (shell(commands), output)
        return printed[title]

    return get


@pytest.mark.parametrize("title", QUICK_STARTS)
def test_a_quick_start_prints_what_the_readme_shows(title, quick_starts):
    printed, shown = quick_starts(title)
    assert printed == shown


def test_the_server_answers_redis_cli(at_desk, shell, start, desk, environment):
    port = free_port()
    (serve, ready), (ask, answers) = at_desk("Serve", port)
    server = start(["bash", "-c", f"exec {serve}"], desk, environment)
    # What came before is the server's log.
    *_, line = server.until("ready")
    assert re.sub(r"\d+$", "N", line) == re.sub(r"\d+$", "N", ready.strip().replace(PORT, str(port)))
    assert shell(ask) == answers
    assert server.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("language", QUICK_STARTS)
def test_a_follower_resumes_from_its_cursor(language, at_desk, quick_starts, start, desk, environment):
    # The packages and the crate that the quick start made are used again.
    quick_starts(language)
    with start_kevy(shards=2) as primary, primary.connect() as db:
        ((commands, _),) = at_desk(f"Follow from {language}", primary.port)
        words = ["bash", "-euo", "pipefail", "-c", commands]

        db.call("SET", "greeting", "hello")
        follower = start(words, desk, environment)
        assert "greeting hello" in follower.until("greeting hello", COMPILE_SECONDS)[-1]
        # A second batch tells that the cursor of the one with the whole snapshot is in its file.
        for number in range(2):
            db.call("SET", "live", number)
            follower.until(f"live {number}")
        follower.end(signal.SIGKILL)

        db.call("SET", "greeting", "welcome back")
        seen = start(words, desk, environment).until("greeting welcome back", COMPILE_SECONDS)
        assert not [line for line in seen if "greeting hello" in line], seen


def test_the_table_of_options_is_true(shell):
    told = shell("kevy/target/release/kevy --help")
    rows = SECTIONS["Options"].rows()
    assert len(rows) > 5
    for name, default, _ in rows:
        found = re.search(rf"^  --{name} .*\n(.*)$", told, re.MULTILINE)
        assert found, f"no option {name}"
        assert found[1].endswith(f"Default: {default}."), f"{name}: {found[1]}"


def test_the_tree_is_mapped():
    tracked = subprocess.run(
        ["git", "ls-tree", "-d", "--name-only", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert sorted(row[0] for row in SECTIONS["The tree"].rows()) == sorted(tracked.stdout.split())


def test_what_is_said_to_be_missing_is(kevy_server):
    with kevy_server.connect() as db:
        assert "unknown command" in str(db.call("MIGRATE", "h", "1", "k", "0", "1"))


@pytest.fixture(scope="module")
def kevy_server():
    with start_kevy() as server:
        yield server
