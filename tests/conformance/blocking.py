"""Scenarios of clients that wait: several connections, their commands in order, and what each of them reads.

One step stands on a line. ``a: GET k`` runs a command on connection a and reads its reply. ``a waits: BLPOP k 0`` sends
one and goes on once the server counts one more blocked client. ``a sends: GET k`` sends one and reads nothing.
``a reads`` reads one reply, ``a reads 3`` three. ``a closes`` ends the connection and goes on once the server counts one
blocked client less; ``a ends`` goes on once the server has ended it. A word ``ID(a)`` stands for the number of connection a. ``=> reply`` behind a step says what is read there, for what
the reference, which is older, does otherwise.
"""

import re
import shlex
from typing import Callable

from support.resp import Connection, Reply, info
from support.wait import eventually

STEP = re.compile(r"(\w+)(:| waits:| sends:| reads| closes| ends)\s*(.*?)(?:\s*=> (.*))?")


def commands(scenario: str) -> list[list[bytes]]:
    """The words of every command of a scenario."""
    steps = (STEP.fullmatch(line.strip()) for line in scenario.splitlines() if line.strip())
    return [[word.encode() for word in shlex.split(step[3])] for step in steps if step[2].endswith(":")]


class Play:
    """A scenario under way on one server."""

    def __init__(self, open_connection: Callable[[], Connection], control: Connection):
        self.open_connection = open_connection
        self.control = control
        self.connections: dict[str, Connection] = {}
        self.numbers: dict[str, str] = {}
        #: What was read, each with its step.
        self.replies: list[tuple[str, Reply]] = []
        #: Replies that are not what their steps say.
        self.wrong: list[tuple[str, Reply]] = []

    def blocked(self) -> int:
        return int(info(self.control, "clients")["blocked_clients"])

    def connection(self, name: str) -> Connection:
        if name not in self.connections:
            self.connections[name] = self.open_connection()
            self.numbers[name] = str(self.connections[name].call("CLIENT", "ID").value)
        return self.connections[name]

    def words(self, line: str) -> list[str]:
        return [self.numbers[word[3:-1]] if word.startswith("ID(") else word for word in shlex.split(line)]

    def read(self, step: str, reply: Reply, expected: str | None) -> None:
        self.replies.append((step, reply))
        if expected is not None and repr(reply) != expected:
            self.wrong.append((step, reply))

    def step(self, line: str) -> None:
        name, action, rest, expected = STEP.fullmatch(line.strip()).groups()
        connection = self.connection(name)
        match action.strip():
            case ":":
                self.read(line, connection.call(*self.words(rest)), expected)
            case "waits:":
                before = self.blocked()
                connection.send(*self.words(rest))
                eventually(lambda: self.blocked() == before + 1, f"blocked: {line}")
            case "sends:":
                connection.send(*self.words(rest))
            case "reads":
                for _ in range(int(rest or 1)):
                    self.read(line, connection.read(), expected)
            case "ends":
                assert self.connections.pop(name).at_end(), line
            case "closes":
                before = self.blocked()
                self.connections.pop(name).close()
                eventually(lambda: self.blocked() == before - 1, f"unblocked: {line}")

    def run(self, scenario: str) -> None:
        """At the end nobody waits or has more to read."""
        for line in filter(str.strip, scenario.splitlines()):
            self.step(line)
        for name, connection in self.connections.items():
            self.replies.append((f"{name} is left with", connection.call("ECHO", "nothing")))

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        eventually(lambda: self.blocked() == 0, "nobody waits")
