"""What a user with few rights may do in scripts and functions: what the user may do outside of them."""

import pytest

from .conftest import SURFACES

USER = ("ACL", "SETUSER", "few", "on", "nopass", "resetkeys", "resetchannels", "~own:*", "%R~shown:*", "&own:*", "-@all")
ALLOWED = "+eval +eval_ro +evalsha +script|load +fcall +get +set +mget +publish +ping +select +copy +function|load".split()

SCRIPTS = [
    "return redis.call('set', 'own:k', 'v')",
    "return redis.call('get', 'own:k')",
    "return redis.call('get', 'other')",
    "return redis.pcall('get', 'other')",
    "return redis.call('set', 'other', 'v')",
    "return redis.pcall('set', 'other', 'v')",
    "return redis.call('get', 'shown:k')",
    "return redis.call('set', 'shown:k', 'v')",
    "return redis.call('copy', 'shown:k', 'own:copy')",
    "return redis.call('copy', 'own:k', 'shown:copy')",
    "return redis.call('mget', 'own:k', 'other')",
    "return redis.call('del', 'own:k')",
    "return redis.pcall('del', 'own:k')",
    "return redis.call('config', 'get', 'maxmemory')",
    "return redis.call('publish', 'own:c', 'm')",
    "return redis.call('publish', 'other', 'm')",
    "return redis.pcall('publish', 'other', 'm')",
    "return redis.call('select', 1)",
    "return redis.call('nosuch')",
    "return {redis.acl_check_cmd('get', 'own:k'), redis.acl_check_cmd('get', 'other'), redis.acl_check_cmd('set', 'shown:k', 1)}",
    "return tostring(redis.acl_check_cmd('set', 'own:k', 1)) .. tostring(redis.acl_check_cmd('set', 'shown:k', 1))",
    "return tostring(redis.acl_check_cmd('del', 'own:k')) .. tostring(redis.acl_check_cmd('publish', 'other', 'm'))",
    "return redis.acl_check_cmd('nosuch')",
    "return tostring(redis.acl_check_cmd('get'))",
    "redis.call('set', 'own:k', 'w') return redis.call('set', 'other', 'w')",
]

COMMANDS = [
    ("EVAL", "return KEYS[1]", "1", "other"),
    ("EVAL", "return KEYS[1]", "1", "shown:k"),
    ("EVAL_RO", "return KEYS[1]", "1", "shown:k"),
    ("EVAL_RO", "return redis.call('get', KEYS[1])", "1", "shown:k"),
    ("EVAL", "return KEYS[1]", "2", "own:k", "other"),
    ("EVALSHA_RO", "a" * 40, "0"),
    ("SCRIPT", "LOAD", "return 1"),
    ("SCRIPT", "FLUSH"),
    ("SCRIPT", "EXISTS", "x"),
    ("FCALL", "reads", "1", "own:k"),
    ("FCALL", "reads", "1", "shown:k"),
    ("FCALL", "reads", "1", "other"),
    ("FCALL", "hidden", "0"),
    ("FCALL_RO", "reads", "1", "own:k"),
    ("FUNCTION", "LIST"),
    ("FUNCTION", "FLUSH"),
    ("FUNCTION", "DUMP"),
    ("MULTI",),
    ("EVAL", "return redis.call('get', 'other')", "0"),
    ("EVAL", "return redis.call('get', 'own:k')", "0"),
    ("EXEC",),
    ("GET", "other"),
]

LIBRARY = """#!lua name=lib
redis.register_function('reads', function(KEYS) return redis.call('get', KEYS[1]) end)
redis.register_function('hidden', function() return redis.call('get', 'other') end)"""


@pytest.fixture(params=[surface for surface in SURFACES if surface.values[0][0] != "in-process"])
def both(request, reference, targets):
    name, protocol = request.param
    owners = [reference.open(2), targets(name).open(2)]
    for owner in owners:
        for command in [("FLUSHALL",), ("FUNCTION", "FLUSH"), (*USER, *ALLOWED), ("FUNCTION", "LOAD", LIBRARY), ("ACL", "LOG", "RESET")]:
            assert not owner.call(*command).is_error, command
        owner.call("MSET", "other", "secret", "shown:k", "seen")
    sessions = [reference.open(protocol), targets(name).open(protocol)]
    for session in sessions:
        assert session.call("AUTH", "few", "x").value == b"OK"
    yield sessions, owners
    for session in sessions:
        session.close()
    for owner in owners:
        owner.call("FUNCTION", "FLUSH")
        owner.call("ACL", "DELUSER", "few")
        owner.close()


def denials(owner) -> list[tuple]:
    """Reason, context, object and user of what was denied, sorted: entries of one moment have no order."""
    return sorted(tuple(entry.value[at].value for at in (3, 5, 7, 9)) for entry in owner.call("ACL", "LOG", "100").value)


# Since 7.2 the error of a call that is denied has the code that it has outside of scripts.
def test_scripts_have_the_rights_of_who_calls_them(both):
    (theirs, ours), (their_owner, our_owner) = both
    commands = [*(("EVAL", script, "0") for script in SCRIPTS), *COMMANDS]
    wrong = [
        f"{command}\n  is {got!r}\n  should be {want!r}"
        for command, want, got in zip(commands, theirs.pipeline(commands), ours.pipeline(commands))
        if repr(want).replace("ERR The user executing", "NOPERM The user executing") != repr(got)
    ]
    assert not wrong, "\n".join(wrong)
    assert denials(our_owner) == denials(their_owner)
