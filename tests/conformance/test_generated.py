"""Thousands of random commands per verb group: replies are compared one by one, then all keys, then a copy that follows."""

import pytest

from support.resp import Reply

from . import state
from .compare import ENCODING, LENGTH, PENDING, SORTED, XINFO, rule_for, same
from .conftest import SURFACES
from .grammar import KEYS, Generator
from .tail import Tail

SEEDS = range(4)
#: Commands of every verb for one seed, protocol and surface.
EACH = 250
#: Commands between two comparisons of all keys.
STRETCH = 100
DIFFERENCES_SHOWN = 12

#: What the reference says of long strings, because its LCS takes memory by the product of their lengths; kevy's does not.
LCS_REFUSED = b"transient memory for LCS"

OWN_RULES = {b"hscan": LENGTH, b"sscan": LENGTH, b"zscan": LENGTH, b"object encoding": ENCODING, b"xinfo stream": XINFO, b"xinfo groups": XINFO, b"xinfo consumers": XINFO, b"xpending": PENDING}


def rule(arguments: list[bytes]):
    if arguments[0].lower() in (b"sort", b"sort_ro") and b"BY" in map(bytes.upper, arguments):
        # A pattern without a * means "as they come", and a set has no order.
        return LENGTH if b"LIMIT" in map(bytes.upper, arguments) else SORTED
    words = b" ".join(arguments[:2]).lower()
    return OWN_RULES.get(words) or OWN_RULES.get(arguments[0].lower()) or rule_for(arguments)


@pytest.fixture(scope="module")
def grammar(reference):
    """The reference's grammar, and payloads for RESTORE."""
    session = reference.open(3)
    session.call("FLUSHALL")
    docs = session.call("COMMAND", "DOCS")
    session.pipeline([("SET", "s", "value"), ("SET", "n", 42), ("SET", "l", "x" * 500), ("HSET", "h", "f", "v", "n", 1), ("RPUSH", "q", "a", 1)])
    session.pipeline([("SADD", "m", 1, 2), ("SADD", "t", "a", 1), ("ZADD", "z", 1, "a", 2.5, "b")])
    payloads = [session.call("DUMP", key).value for key in "snlhqmtz"] + [b"", b"garbage"]
    session.close()
    return docs, payloads


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("surface", SURFACES)
def test_generated(surface, seed, grammar, reference, targets):
    name, protocol = surface
    target = targets(name)
    commands = Generator(*grammar, seed=seed * 10 + protocol).commands(EACH)
    theirs, ours = reference.open(protocol), target.open(protocol)
    tail = Tail(target.port) if target.name != reference.name else None
    found: list[str] = []
    try:
        for start in range(0, len(commands), STRETCH):
            if start == 0 or found:
                # What came after a difference differs because of it.
                theirs.call("FLUSHALL"), ours.call("FLUSHALL")
            found += stretch(commands[start : start + STRETCH], theirs, ours, target)
            if tail and not tail.equals(ours):
                found.append(describe_copy(commands[start : start + STRETCH], tail.differences(ours)))
                tail.close()
                tail = Tail(target.port)
        if tail:
            assert tail.snapshots == 1, "the tail was cut off and began anew"
            late = Tail(target.port)
            assert late.equals(ours), ["a snapshot is not what the server holds", *late.differences(ours)]
            late.close()
    finally:
        if tail:
            tail.close()
        theirs.close()
        ours.close()
    if found:
        pytest.fail("\n\n".join([f"{len(found)} differences", *found[:DIFFERENCES_SHOWN]]), pytrace=False)


def stretch(commands: list[list[bytes]], theirs, ours, target) -> list[str]:
    """Runs commands on both and describes the first difference, if any."""
    wants = [target.reduce(reply) for reply in theirs.pipeline(commands)]
    gots = ours.pipeline(commands)
    for at, (command, want, got) in enumerate(zip(commands, wants, gots)):
        if want.is_error and LCS_REFUSED in want.value:
            continue
        if not same(rule(command), want, got):
            return [describe(commands[: at + 1], wants, want, got)]
    differing = state.differences(state.read(theirs), state.read(ours))
    if not differing:
        return []
    place = differing[0]
    return [f"after the commands that concern it, {place}\n" + history(commands, wants, mentioned(commands, place))]


def describe(commands: list, wants: list[Reply], want: Reply, got: Reply) -> str:
    last = commands[-1]
    keys = {word for word in last[1:] if word in KEYS_OF_INTEREST}
    return "\n".join([history(commands, wants, keys), f"  should be {want!r}", f"  is        {got!r}"])


def describe_copy(commands: list, differing: list[str]) -> str:
    """What differs in the copy that follows, and the commands that concern the first such key."""
    if not differing:
        return "the digest of the copy that follows differs, though its keys do not"
    lines = history(commands, [Reply("_", None)] * len(commands), mentioned(commands, differing[0]))
    return "\n".join([*differing[:3], lines])


KEYS_OF_INTEREST = set(KEYS) - {b""}


def mentioned(commands: list, place: str) -> set[bytes]:
    return {key for key in KEYS_OF_INTEREST if repr(key) in place}


def history(commands: list, wants: list[Reply], keys: set[bytes]) -> str:
    """The last commands that named one of ``keys``, with the reference's replies."""
    lines = []
    for command, want in zip(commands, wants):
        if keys & set(command[1:]) or command is commands[-1] or command[0].upper() == b"SELECT":
            words = " ".join(repr(word)[1:] for word in command)
            lines.append(f"  {words}  ->  {want!r}"[:300])
    return "\n".join(lines[-8:])
