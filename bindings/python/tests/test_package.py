"""What surrounds the engine: types, the pytest plug-in, the examples."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent
EXAMPLES = PROJECT.parent.parent / "examples" / "python"


def run(*args: str, cwd: pathlib.Path = PROJECT) -> None:
    done = subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_say_what_the_native_module_has(tmp_path):
    allowed = tmp_path / "allowed"
    # The stubs say this by deriving from Generic.
    allowed.write_text(r"kevy\._kevy\.\w+\.__class_getitem__" + "\n")
    run("-m", "mypy.stubtest", "kevy._kevy", "--allowlist", str(allowed))


def test_the_package_and_the_examples_are_typed():
    run("-m", "mypy", "--strict", "python/kevy", *map(str, sorted(EXAMPLES.glob("*.py"))))


def test_sessions_are_typed_by_what_they_give_back(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import kevy, kevy.aio
from typing import assert_type

async def check(rt: kevy.Runtime, art: kevy.aio.Runtime) -> None:
    assert_type(rt.session().get("k"), bytes | None)
    assert_type(rt.session(decode_responses=True).get("k"), str | None)
    assert_type(rt.session(decode_responses=True).hgetall("k"), dict[str, str])
    assert_type(rt.session().lrange("k", 0, -1), list[bytes])
    assert_type(rt.session(decode_responses=True).smembers("k"), set[str])
    assert_type(rt.session(decode_responses=True).blpop("k"), tuple[str, str] | None)
    assert_type(rt.session().zpopmin("k"), list[tuple[bytes, float]])
    assert_type(rt.session(decode_responses=True).xrange("k"), list[tuple[str, dict[str, str]]])
    assert_type(rt.session().json().set("k", "$", {"a": [1]}), bool | None)
    assert_type(rt.session().vset().vcard("k"), int)
    assert_type(await art.session().get("k"), bytes | None)
    assert_type(await art.session().zscore("k", "m"), float | None)
    assert_type(await art.session(decode_responses=True).get("k"), str | None)
"""
    )
    run("-m", "mypy", "--strict", "--python-version", "3.11", str(program))


def test_the_pytest_fixture_gives_a_keyspace_of_its_own(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import socket
        import pytest

        def test_one(kevy):
            assert kevy.session().set("k", 1)
            assert kevy.redis().get("k") == b"1"
            socket.create_connection(("127.0.0.1", kevy.port)).close()

        @pytest.mark.kevy(maxmemory="1mb", shards=2)
        def test_two(kevy):
            assert kevy.session().get("k") is None
            assert kevy.shards == 2
            assert kevy.session().config_get("maxmemory") == {"maxmemory": "1048576"}
        """
    )
    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=2)


@pytest.mark.parametrize("name", ["embed", "dispatch", "serve", "tail", "tail_async"])
def test_an_example_runs(name):
    run(str(EXAMPLES / f"{name}.py"))
