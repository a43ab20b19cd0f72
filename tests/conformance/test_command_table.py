"""COMMAND, COMMAND INFO, COMMAND DOCS: the rows of the table as the reference has them."""

import pytest

from support.resp import Reply

from .grammar import Generator, as_dict

#: What Redis 7.2 says otherwise than the reference: verb -> names of the parts that differ.
NEWER = {
    "bitop": {"arguments"},
    "client|kill": {"arguments"},
    "client|list": {"arguments"},
    "config|get": set(),
    "hscan": {"arguments"},
    "publish": {"flags"},
    "spublish": {"flags"},
    "xadd": {"arguments"},
    "xtrim": {"arguments"},
    "zrank": {"arity", "arguments"},
    "zrevrank": {"arity", "arguments"},
}

FIELDS = ["name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specs", "subcommands"]


def rows(reply: Reply) -> dict[str, dict]:
    """COMMAND's reply by verb, subcommands too."""
    found = {}
    for row in reply.value:
        if row.value is None:
            continue
        row = dict(zip(FIELDS, row.value))
        found[row["name"].value.decode()] = row
        found |= rows(row["subcommands"])
    return found


@pytest.fixture(scope="module")
def both(reference, shared):
    def ask(*command):
        return reference.open(3).call(*command), shared(3).connect(3).call(*command)

    return ask


def members(reply: Reply) -> list[bytes]:
    return sorted(item.value for item in reply.value)


#: Tips that steer a Redis Cluster client; they changed between versions.
POLICIES = (b"request_policy:", b"response_policy:")


def shape(row: dict) -> dict:
    """What of a row must be the same."""
    return {
        "arity": row["arity"].value,
        "flags": members(row["flags"]),
        "first key": row["first key"].value,
        "last key": row["last key"].value,
        "step": row["step"].value,
        "categories": members(row["categories"]),
        "key specs": [spec_shape(as_dict(spec)) for spec in row["key specs"].value],
        "subcommands": None,
    }


def spec_shape(spec: dict) -> object:
    return {
        "flags": members(spec["flags"]),
        "begin": spec["begin_search"],
        "find": spec["find_keys"],
    }


def test_command_info(both):
    theirs, ours = map(rows, both("COMMAND"))
    wrong = []
    for name in sorted(ours.keys() & theirs.keys()):
        want, got = shape(theirs[name]), shape(ours[name])
        wrong += [
            f"{name}: {part} is {got[part]!r}, should be {want[part]!r}"
            for part in want
            if got[part] != want[part] and part not in NEWER.get(name, ())
        ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_command_info_names(both):
    theirs, ours = both("COMMAND", "INFO", "get", "hset", "nothing", "config|get", "CLIENT", "GET")
    assert [row.kind for row in ours.value] == [row.kind for row in theirs.value]
    assert list(rows(ours)) == list(rows(theirs))[: len(rows(ours))] or set(rows(ours)) <= set(rows(theirs)) | {
        "client|setinfo",
        "client|no-touch",
    }


def test_command_count_and_list(shared):
    session = shared(1).connect(3)
    names = {name for name in rows(session.call("COMMAND")) if "|" not in name}
    assert session.call("COMMAND", "COUNT").value == len(names)
    listed = {name.value.decode() for name in session.call("COMMAND", "LIST").value}
    assert {name for name in listed if "|" not in name} == names
    hashes = {name.value.decode() for name in session.call("COMMAND", "LIST", "FILTERBY", "PATTERN", "h*").value}
    assert hashes == {name for name in listed if name.startswith("h")}
    category = {name.value.decode() for name in session.call("COMMAND", "LIST", "FILTERBY", "ACLCAT", "hash").value}
    assert {"hset", "hget", "hexpire"} <= category and "get" not in category


def grammar(row: dict) -> list:
    """An argument list without names and texts, which are documentation."""
    return [argument_shape(as_dict(argument)) for argument in (row["arguments"].value if "arguments" in row else ())]


def argument_shape(row: dict) -> tuple:
    return (
        row["type"].value,
        row["token"].value if "token" in row else None,
        tuple(sorted(flag.value for flag in row["flags"].value)) if "flags" in row else (),
        row["key_spec_index"].value if "key_spec_index" in row else None,
        tuple(grammar(row)),
    )


def docs_by_verb(docs: Reply) -> dict[str, dict]:
    found = {}
    for name, row in as_dict(docs).items():
        found[name] = as_dict(row)
        if "subcommands" in found[name]:
            found |= {sub: as_dict(its) for sub, its in as_dict(found[name]["subcommands"]).items()}
    return found


def test_command_docs(both):
    theirs, ours = map(docs_by_verb, both("COMMAND", "DOCS"))
    wrong = []
    for name in sorted(ours):
        got = ours[name]
        assert got["summary"].value, name
        assert got["complexity"].value, name
        if name not in theirs:
            assert got["since"].value >= b"7.2.0" or got["group"].value in (b"server", b"replication", b"module"), (name, got["since"])
            continue
        want = theirs[name]
        for part in ("since", "group"):
            if got[part] != want[part]:
                wrong.append(f"{name}: {part} is {got[part]!r}, should be {want[part]!r}")
        if "arguments" not in NEWER.get(name, ()) and grammar(got) != grammar(want):
            wrong.append(f"{name}: grammar is\n    {grammar(got)}\n  should be\n    {grammar(want)}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_command_docs_by_name(both):
    theirs, ours = both("COMMAND", "DOCS", "get", "nothing", "client|list", "CONFIG")
    assert list(as_dict(ours)) == list(as_dict(theirs))


#: Verbs of whose number of keys the reference's GETKEYS takes as much as begins like a number.
COUNTED = {"sintercard", "lmpop", "zmpop", "zunion", "zinter", "zdiff", "zintercard", "zunionstore", "zinterstore", "zdiffstore"}


def has_odd_count(command: list[bytes]) -> bool:
    """Whether the command's number of keys is there but no number."""
    verb = command[0].decode().lower()
    count = command[2 if verb.endswith("store") else 1 :][:1]
    return verb in COUNTED and any(not word.isdigit() or b"%d" % int(word) != word for word in count)


def test_keys_of_any_command(reference, shared):
    """COMMAND GETKEYS finds the same keys in thousands of commands, well formed or not."""
    theirs, ours = reference.open(3), shared(3).connect(3)
    commands = Generator(theirs.call("COMMAND", "DOCS"), [b"payload"], seed=5).commands(40)
    wrong = []
    for verb in ("GETKEYS", "GETKEYSANDFLAGS"):
        asked = [["COMMAND", verb, *command] for command in commands if b"|" not in command[0] and not has_odd_count(command)]
        for command, want, got in zip(asked, theirs.pipeline(asked), ours.pipeline(asked)):
            if got != want:
                wrong.append(f"{command}: {got!r}, should be {want!r}")
    assert not wrong, "\n".join(wrong[:20])
