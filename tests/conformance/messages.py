"""Scenarios of clients that get messages without asking: every message, its receiver and its place among the replies.

One step stands on a line: ``a: PUBLISH news hello`` sends a command over connection a. After every step each connection sends a
PING and everything that comes before its answer is what the step brought it, so a message too many or too late shows. A
connection that would not answer (``CLIENT REPLY OFF``) is given a name with an upper-case letter: it is read at the end,
after ``CLIENT REPLY ON``. In a MULTI the PING is left out. ``a hello`` makes it speak RESP3. ``a closes`` ends the connection and goes on
when the server knows. ``ID(a)`` is the number of connection a.
"""

import re
import shlex
from typing import Callable

from support.resp import Connection, Reply, encode
from support.wait import eventually

STEP = re.compile(r"(\w+)(:| hello| closes)\s*(.*)")
MARK = b"what came before"
PONGS = (
    Reply("$", MARK),
    Reply("*", (Reply("$", b"pong"), Reply("$", MARK))),
)


class Play:
    """A scenario under way on one server."""

    def __init__(self, open_connection: Callable[[int], Connection]):
        self.open_connection = open_connection
        self.connections: dict[str, Connection] = {}
        self.numbers: dict[str, str] = {}
        self.in_multi: set[str] = set()

    def connection(self, name: str, protocol: int = 2) -> Connection:
        if name not in self.connections:
            self.connections[name] = self.open_connection(protocol)
            self.numbers[name] = str(self.connections[name].call("CLIENT", "ID").value)
        return self.connections[name]

    def words(self, line: str) -> list[str]:
        return [re.sub(r"ID\((\w+)\)", lambda found: self.numbers[found[1]], word) for word in shlex.split(line)]

    def drain(self, name: str) -> list[Reply]:
        """What has come over a connection by now."""
        connection = self.connections[name]
        connection.send_raw(encode("PING", MARK))
        came = []
        while (reply := connection.read()) not in PONGS:
            came.append(reply)
        return came

    def step(self, line: str) -> dict[str, list[Reply]]:
        """Takes one step and returns what each connection got."""
        found = STEP.fullmatch(line)
        assert found, line
        name, what, rest = found.groups()
        if what == " hello":
            self.connection(name, 3)
            return {}
        connection = self.connection(name)
        if what == " closes":
            self.connections.pop(name).close()
            others = self.open_connection(2)
            eventually(lambda: not others.call("CLIENT", "LIST", "ID", self.numbers[name]).value, f"{name} is gone")
            others.close()
            return {}
        words = self.words(rest)
        connection.send_raw(encode(*words))
        verb = words[0].upper()
        came = {}
        if verb == "MULTI":
            self.in_multi.add(name)
        if name in self.in_multi:
            came[name] = [connection.read()]
            if verb in ("EXEC", "DISCARD", "RESET"):
                self.in_multi.discard(name)
        # The step's own connection first: what has been answered has also been sent to the others.
        for each in sorted(self.connections, key=lambda each: (each != name, each)):
            if each.islower() and each not in self.in_multi:
                came.setdefault(each, []).extend(self.drain(each))
        return {each: got for each, got in came.items() if got}

    def end(self) -> dict[str, list[Reply]]:
        """What the connections got that were not read."""
        came = {}
        for name in sorted(self.connections):
            if not name.islower():
                self.connections[name].send_raw(encode("CLIENT", "REPLY", "ON"))
                came[name] = self.drain(name)
        for connection in self.connections.values():
            connection.close()
        return came


def lines(scenario: str) -> list[str]:
    return [line for line in map(str.strip, scenario.splitlines()) if line and not line.startswith("#")]


def commands(scenario: str) -> list[list[bytes]]:
    """The words of every command of a scenario."""
    found = [STEP.fullmatch(line) for line in lines(scenario)]
    return [[word.encode() for word in shlex.split(step[3])] for step in found if step and step[2] == ":"]


def perform(scenario: str, open_connection: Callable[[int], Connection]) -> list[tuple[str, dict]]:
    """Each step with what it brought whom."""
    play = Play(open_connection)
    taken = [(line, play.step(line)) for line in lines(scenario)]
    return [*taken, ("at the end", play.end())]


def in_order_of_names(taken: list[tuple[str, dict]]) -> list[tuple[str, dict]]:
    """The same with lists of channels sorted, whose order means nothing."""

    def tidy(line: str, came: dict) -> dict:
        if re.search(r"PUBSUB (SHARD)?CHANNELS", line, re.I):
            return {
                name: [Reply(r.kind, tuple(sorted(r.value))) if r.kind == "*" else r for r in got]
                for name, got in came.items()
            }
        if re.search(r": [PS]?UNSUBSCRIBE$|EXEC|PUBLISH", line, re.I):
            return {name: sorted(got, key=repr) if len(got) > 1 and unordered(got) else got for name, got in came.items()}
        return came

    def unordered(got: list[Reply]) -> bool:
        return all(r.kind in "*>" and r.value and r.value[0].value in (b"pmessage", b"message") for r in got)

    return [(line, tidy(line, came)) for line, came in taken]
