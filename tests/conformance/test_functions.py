"""Functions: libraries and calls as the reference has them, and libraries that outlive a restart or go to another server."""

import re

import pytest

from support.resp import Reply
from support.servers import start_kevy, start_redis
from support.wait import eventually

from .conftest import SURFACES

SHARDS = (1, 3)


def library(body: str, name: str = "lib") -> str:
    return f"#!lua name={name}\n{body}"


def one(name: str, body: str, library_name: str = "lib", **named: str) -> str:
    """A library with one function; other fields of its registration are given as Lua."""
    fields = "".join(f", {field}={value}" for field, value in named.items())
    call = f"redis.register_function{{function_name='{name}', callback=function(KEYS, ARGV) {body} end{fields}}}"
    return library(call, library_name)


def load(code: str, *options: str) -> tuple:
    return ("FUNCTION", "LOAD", *options, code)


LIST = ("FUNCTION", "LIST")
FLUSH = ("FUNCTION", "FLUSH")
HELLO = one("hello", "return 'hello'")

#: Libraries that are refused, or are not.
SOURCES = [
    "",
    "return 1",
    "#!lua name=lib",
    "#!lua\nreturn 1",
    "#! name=lib\nreturn 1",
    "#!bad name=lib\nreturn 1",
    "#!LUA name=lib\nredis.register_function('f', function() return 1 end)",
    "#!lua NAME=lib\nredis.register_function('g', function() return 1 end)",
    "#!lua name=\nreturn 1",
    "#!lua name=a name=b\nreturn 1",
    "#!lua name=a foo=b\nreturn 1",
    "#!lua name=a foo\nreturn 1",
    "#!lua name='a b'\nreturn 1",
    "#!lua name='unbalanced\nreturn 1",
    "#!lua name=\"quoted\"\nredis.register_function('quoted', function() return 1 end)",
    "#!lua   name=spaced  \nredis.register_function('spaced', function() return 1 end)",
    "#!lua\tname=tab\nredis.register_function('tab', function() return 1 end)",
    "#!lua name=windows\r\nredis.register_function('windows', function() return 1 end)",
    "#!lua name=bad-name\nreturn 1",
    "#!lua name=bad\0format\nreturn 1",
    "#!lua name=" + "n" * 300 + "\nredis.register_function('long', function() return 1 end)",
    library(""),
    library("return 1"),
    library("bad script"),
    library("error('mine')"),
    library("error({err='mine'})"),
    library("error()"),
    library("local a = nil + 1"),
    library("return foo"),
    library("foo = 1"),
    library("redis.call('ping')"),
    library("redis.pcall('ping')"),
    library("redis.setresp(3)"),
    library("redis.set_repl(3)"),
    library("redis.log(redis.LOG_DEBUG, 'x') redis.register_function('logs', function() return 1 end)"),
    library("redis.register_function(redis.sha1hex('a'), function() return 1 end)"),
    library("redis.register_function('x' .. redis.error_reply('a').err, function() return 1 end)"),
    library("redis.register_function(cjson.decode('[\"j\"]')[1], function() return 1 end)"),
    library("redis.register_function(tostring(redis.acl_check_cmd('get', 'x')), function() return 1 end)"),
    library("redis.register_function('r' .. math.floor(1.5), function() return 1 end)"),
    library("redis.register_function(type(KEYS), function() return 1 end)"),
    library("redis.register_function(type(_G.KEYS), function() return 1 end)"),
    library("redis.register_function()"),
    library("redis.register_function('f')"),
    library("redis.register_function(1)"),
    library("redis.register_function(1, function() return 1 end)"),
    library("redis.register_function('f', 1)"),
    library("redis.register_function({}, function() return 1 end)"),
    library("redis.register_function('f', function() end, 'description')"),
    library("redis.register_function('f', function() end, {}, 'description')"),
    library("redis.register_function('bad-name', function() end)"),
    library("redis.register_function('', function() end)"),
    library("redis.register_function('f', function() end) redis.register_function('f', function() end)"),
    library("redis.register_function{}"),
    library("redis.register_function{function_name='f'}"),
    library("redis.register_function{callback=function() end}"),
    library("redis.register_function{function_name='f', callback='x'}"),
    library("redis.register_function{function_name={}, callback=function() end}"),
    library("redis.register_function{function_name=1, callback=function() end}"),
    library("redis.register_function{function_name='f', callback=function() end, bad=1}"),
    library("redis.register_function{function_name='f', callback=function() end, [1]=1}"),
    library("redis.register_function{function_name='f', callback=function() end, [{}]=1}"),
    library("redis.register_function{function_name='f', callback=function() end, description={}}"),
    library("redis.register_function{function_name='f', callback=function() end, description=1}"),
    library("redis.register_function{FUNCTION_NAME='f', Callback=function() end, Description='d'}"),
    library("redis.register_function{function_name='f', callback=function() end, flags='no-writes'}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={}}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={'bad'}}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={1}}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={{}}}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={a='bad'}}"),
    library("redis.register_function{function_name='f', callback=function() end, flags={'no-writes', 'no-writes'}}"),
    library("redis.register_function({function_name='f', callback=function() end}, 1)"),
    library("setmetatable(_G, {})"),
    library("redis.foo = 1"),
    library("redis.call = nil"),
    library("_G.redis = nil"),
    library("rawset(_G, 'a', 1)"),
    library("getmetatable(_G).__index = nil"),
    library("string.foo = 1"),
    library("KEYS = {}"),
    library("redis.register_function('f', redis.register_function)"),
    library("local f = redis.register_function pcall(f, 'a', function() return 1 end) error('late')"),
    library("pcall(redis.register_function, 'bad-name', function() end)"),
    library("redis.register_function('late', function() redis.register_function('x', function() end) end)"),
]

#: What may stand behind the engine in the first line of a script.
HEADS = [" flags='no-writes' x", " 'flags=no-writes'", ' flags="no-writes', ' flags="no-writes,"', " FLAGS=no-writes", " flags=", "\0", "'"]

#: Bodies of a function, called once with a key and an argument and once by FCALL_RO.
BODIES = [
    "return 'x'",
    "return {KEYS[1], ARGV[1], #KEYS, #ARGV}",
    "return redis.call('set', KEYS[1], ARGV[1])",
    "return redis.call('get', KEYS[1])",
    "return redis.call('nosuch')",
    "return redis.call('set', KEYS[1])",
    "return redis.pcall('nosuch')",
    "return redis.call('lpush', KEYS[1], 1)",
    "return redis.pcall('lpush', KEYS[1], 1)",
    "error('mine')",
    "error({err='MINE it is'})",
    "error()",
    "return foo",
    "foo = 1",
    "KEYS[1] = 'other' return KEYS[1]",
    "return redis.error_reply('MINE it is')",
    "return redis.status_reply('FINE')",
    "return {err='x'}",
    "return nil",
    "return {1, 2, nil, 4}",
    "return 3.99",
    "return true",
    "return false",
    "return {map={a=1}}",
    "redis.setresp(3) return redis.call('hgetall', 'h')",
    "return redis.call('hgetall', 'h')",
    "redis.setresp(3) return {double=3.5}",
    "return type(redis.register_function)",
    "return redis.register_function('x', function() end)",
    "return redis.call('fcall', 'f', 0)",
    "return redis.call('function', 'list')",
    "return redis.call('eval', 'return 1', 0)",
    "return redis.call('multi')",
    "return {redis.REDIS_VERSION_NUM and 1, type(redis.REDIS_VERSION)}",
    "return type(redis.breakpoint)",
    "return type(redis.replicate_commands)",
    "return type(redis.debug)",
    "return type(print)",
    "return type(loadstring)",
    "return type(load)",
    "return type(dofile)",
    "return type(_G.KEYS)",
    "setmetatable(_G, {})",
    "redis.x = 1",
    "return redis.log(1)",
    "return redis.sha1hex('')",
    "return redis.set_repl(redis.REPL_ALL)",
]

FLAGS = [
    ("'no-writes'", "return redis.call('set', 'x', 1)"),
    ("'no-writes'", "return redis.pcall('set', 'x', 1)"),
    ("'no-writes'", "return redis.call('get', 'x')"),
    ("'allow-oom'", "return redis.call('set', 'x', 1)"),
    ("'no-cluster'", "return 1"),
    ("'allow-stale'", "return 1"),
    ("'allow-cross-slot-keys'", "return 1"),
    ("'no-writes', 'allow-oom', 'allow-stale', 'no-cluster'", "return 1"),
]

TWO = library(
    "local calls = 0 local function f() calls = calls + 1 return calls end "
    "redis.register_function('f1', f) redis.register_function{function_name='f2', callback=f, flags={'no-writes'}, description='second'}"
)

COMMANDS = [
    ("FUNCTION",),
    ("FUNCTION", "NOSUCH"),
    ("FUNCTION", "LOAD"),
    load(HELLO),
    load(HELLO),
    load(HELLO, "REPLACE"),
    load(HELLO, "replace", "REPLACE"),
    load(HELLO, "FOO"),
    load(HELLO, "REPLACE", "FOO"),
    load(one("hello", "return 1", "other")),
    load(one("hello", "return 1", "other"), "REPLACE"),
    load(library("bad script"), "REPLACE"),
    load(library("error('no')"), "REPLACE"),
    load(library("return 1"), "REPLACE"),
    ("FCALL", "hello", "0"),
    ("FCALL", "HELLO", "0"),
    ("FCALL", "hello"),
    ("FCALL", "nosuch", "0"),
    ("FCALL", "nosuch", "x"),
    ("FCALL", "hello", "x"),
    ("FCALL", "hello", "-1", "a"),
    ("FCALL", "hello", "2", "a"),
    ("FCALL", "hello", " 1", "a"),
    ("FCALL", "hello", "9223372036854775808"),
    ("FCALL_RO", "hello", "0"),
    ("FCALL_RO", "nosuch", "0"),
    LIST,
    ("FUNCTION", "LIST", "WITHCODE"),
    ("FUNCTION", "LIST", "withcode", "libraryname", "l*"),
    ("FUNCTION", "LIST", "LIBRARYNAME", "LI[a-z]"),
    ("FUNCTION", "LIST", "LIBRARYNAME", "x*"),
    ("FUNCTION", "LIST", "LIBRARYNAME"),
    ("FUNCTION", "LIST", "WITHCODE", "WITHCODE"),
    ("FUNCTION", "LIST", "LIBRARYNAME", "a", "LIBRARYNAME", "b"),
    ("FUNCTION", "LIST", "FOO"),
    ("FUNCTION", "STATS"),
    ("FUNCTION", "STATS", "x"),
    load(TWO, "REPLACE"),
    ("FCALL", "f1", "0"),
    ("FCALL", "f2", "0"),
    ("FCALL_RO", "f2", "0"),
    ("FCALL_RO", "f1", "0"),
    ("FCALL", "hello", "0"),
    LIST,
    ("FUNCTION", "STATS"),
    ("FUNCTION", "DELETE"),
    ("FUNCTION", "DELETE", "LIB"),
    ("FUNCTION", "DELETE", "lib", "x"),
    ("FUNCTION", "DELETE", "lib"),
    ("FUNCTION", "DELETE", "lib"),
    ("FCALL", "f1", "0"),
    ("FUNCTION", "KILL"),
    ("FUNCTION", "KILL", "x"),
    ("FUNCTION", "FLUSH", "foo"),
    ("FUNCTION", "FLUSH", "sync", "async"),
    ("FUNCTION", "FLUSH", "sync"),
    ("FUNCTION", "FLUSH", "async"),
    ("FUNCTION", "DUMP", "x"),
    ("FUNCTION", "RESTORE"),
    ("FUNCTION", "RESTORE", "bad"),
    ("FUNCTION", "RESTORE", ""),
    ("FUNCTION", "RESTORE", "bad", "NOSUCH"),
    ("FUNCTION", "RESTORE", "bad", "APPEND", "x"),
    load(HELLO),
    ("FLUSHALL",),
    ("FLUSHDB",),
    LIST,
    ("SELECT", "1"),
    ("FCALL", "hello", "0"),
    ("SELECT", "0"),
    ("MULTI",),
    ("FCALL", "hello", "0"),
    load(one("moved", "return 2"), "REPLACE"),
    ("FCALL", "moved", "0"),
    ("FCALL", "hello", "0"),
    ("EXEC",),
    ("MULTI",),
    FLUSH,
    LIST,
    ("EXEC",),
    load(one("writes", "redis.call('set', 'w', 1) return redis.call('nosuch')")),
    ("FCALL", "writes", "0"),
    ("GET", "w"),
    ("WATCH", "w"),
    load(one("touches", "return redis.call('set', 'w', 2)"), "REPLACE"),
    ("FCALL", "touches", "0"),
    ("MULTI",),
    ("PING",),
    ("EXEC",),
    ("COMMAND", "GETKEYS", "FCALL", "f", "2", "a", "b", "c"),
    ("COMMAND", "GETKEYS", "FCALL_RO", "f", "1", "a", "b"),
    ("COMMAND", "GETKEYS", "FCALL", "f", "0"),
    ("EVAL", "return redis.call('fcall', 'touches', 0)", "0"),
    ("EVAL", "return redis.call('function', 'flush')", "0"),
    ("EVAL", "return redis.register_function", "0"),
    load(one("shared", "shared_state = 1 return 1", "globals"), "REPLACE"),
    ("FCALL", "shared", "0"),
    ("DEBUG", "RELOAD"),
    LIST,
    ("FUNCTION", "STATS"),
    ("CONFIG", "SET", "maxmemory", "1"),
    load(HELLO, "REPLACE"),
    ("FUNCTION", "RESTORE", "bad"),
    ("CONFIG", "SET", "maxmemory", "0"),
    *[("EVAL", f"#!lua{head}\nreturn redis.call('set', 'a', 'b')", "0") for head in HEADS],
]


def corpus() -> list[tuple]:
    commands: list[tuple] = []
    for source in SOURCES:
        commands += [load(source), LIST, FLUSH]
    commands += [("HSET", "h", "f", "v"), ("SET", "x", "1")]
    for body in BODIES:
        commands += [load(one("f", body), "REPLACE"), ("FCALL", "f", "1", "k", "a")]
        read_only = one("f", body, flags="{'no-writes'}")
        commands += [("FCALL_RO", "f", "0"), load(read_only, "REPLACE"), ("FCALL", "f", "0"), ("FCALL_RO", "f", "1", "k", "a")]
    for flags, body in FLAGS:
        commands += [load(one("f", body, flags=f"{{{flags}}}"), "REPLACE"), LIST, ("FCALL", "f", "0"), ("FCALL_RO", "f", "0")]
    return [*commands, FLUSH, *COMMANDS]


def in_order(reply: Reply) -> object:
    """A reply with libraries, functions and flags sorted: the reference has them in the order of a hash."""
    if reply.kind in "*~" and reply.value is not None:
        children = [in_order(child) for child in reply.value]
        is_list = any(b"library_name" in repr(child).encode() or b"description" in repr(child).encode() for child in children)
        return reply.kind, sorted(children, key=repr) if is_list or reply.kind == "~" else children
    if reply.kind == "%":
        return reply.kind, [(key.value, in_order(value)) for key, value in reply.value]
    return reply


@pytest.fixture(params=[surface for surface in SURFACES if surface.values[0][0] != "in-process"])
def both(request, reference, targets):
    name, protocol = request.param
    sessions = [reference.open(protocol), targets(name).open(protocol)]
    for session in sessions:
        for command in [("FLUSHALL",), FLUSH]:
            assert not session.call(*command).is_error
    yield sessions
    for session in sessions:
        session.call(*FLUSH)
        session.close()


def test_the_corpus(both):
    theirs, ours = both
    commands = corpus()
    wrong = [
        f"{command}\n  is {got!r}\n  should be {want!r}"
        for command, want, got in zip(commands, theirs.pipeline(commands), ours.pipeline(commands))
        if in_order(want) != in_order(got)
    ]
    assert not wrong, "\n".join(wrong)


def libraries(session) -> object:
    return in_order(session.call("FUNCTION", "LIST", "WITHCODE"))


def test_payloads_go_both_ways(both):
    theirs, ours = both
    for source, other in [(theirs, ours), (ours, theirs)]:
        for command in [FLUSH, load(HELLO), load(one("other", "return 'other'", "second"))]:
            assert not source.call(*command).is_error
        payload = source.call("FUNCTION", "DUMP").value
        held = libraries(source)
        for place in (source, other):
            assert not place.call(*FLUSH).is_error
            assert place.call("FUNCTION", "RESTORE", payload).value == b"OK"
            assert libraries(place) == held
            assert place.call("FCALL", "other", "0").value == b"other"
        # What both then say to the same payload, to pieces and to changed bytes of it.
        asked = [
            *[("FUNCTION", "RESTORE", payload, *policy) for policy in [(), ("APPEND",), ("REPLACE",), ("FLUSH",), ("FOO",)]],
            *[("FUNCTION", "RESTORE", payload[:length]) for length in range(0, len(payload), 7)],
            *[("FUNCTION", "RESTORE", payload[:at] + b"\xff" + payload[at + 1 :], "REPLACE") for at in range(0, len(payload), 11)],
            load(one("hello", "return 'taken'", "third"), "REPLACE"),
            FLUSH,
            load(one("hello", "return 'taken'", "third")),
            ("FUNCTION", "RESTORE", payload),
            ("FUNCTION", "RESTORE", payload, "REPLACE"),
            ("FUNCTION", "LIST"),
            ("FUNCTION", "RESTORE", payload, "FLUSH"),
            ("FUNCTION", "LIST"),
        ]
        for command, want, got in zip(asked, theirs.pipeline(asked), ours.pipeline(asked)):
            # Which of several libraries is named first is up to the order in which each server wrote them.
            replies = [re.sub(rb"Library \w+ already", b"Library X already", repr(in_order(r)).encode()) for r in (want, got)]
            assert replies[0] == replies[1], command
    for session in both:
        session.call(*FLUSH)
    empty = [session.call("FUNCTION", "DUMP").value for session in both]
    for session in both:
        for payload in empty:
            assert session.call("FUNCTION", "RESTORE", payload, "FLUSH").value == b"OK"


def loaded(session) -> object:
    for command in [load(HELLO), load(TWO.replace("name=lib", "name=two")), ("SET", "k", "v")]:
        assert not session.call(*command).is_error
    return libraries(session)


@pytest.mark.parametrize("shards", SHARDS)
def test_libraries_outlive_reloads_and_restarts(shards, tmp_path):
    with start_kevy(shards=shards, dir=tmp_path, save="") as server, server.connect() as session:
        held = loaded(session)
        assert session.call("DEBUG", "RELOAD").value == b"OK"
        assert libraries(session) == held
        assert session.call("FCALL", "hello", "0").value == b"hello"
        assert session.call("SAVE").value == b"OK"
        server.stop()
    with start_kevy(shards=shards, dir=tmp_path, save="") as server, server.connect() as session:
        # Its first command with functions is a call.
        assert session.call("FCALL", "hello", "0").value == b"hello"
        assert session.call("FUNCTION", "STATS").value[3].value[1].value[3].value == 3
        assert libraries(session) == held


@pytest.mark.parametrize("shards", SHARDS)
def test_each_server_reads_the_libraries_of_the_others_file(shards, tmp_path):
    def kevy():
        return start_kevy(shards=shards, dir=tmp_path, save="")

    def redis():
        return start_redis(dir=tmp_path)

    held = None
    for write, read in [(kevy, redis), (redis, kevy)]:
        (tmp_path / "dump.rdb").unlink(missing_ok=True)
        with write() as server, server.connect() as session:
            held = loaded(session)
            assert session.call("SAVE").value == b"OK"
            server.stop()
        with read() as server, server.connect() as session:
            assert libraries(session) == held
            assert session.call("FCALL", "f1", "0").value == 1
            assert session.call("GET", "k").value == b"v"


@pytest.mark.parametrize("shards", SHARDS)
def test_libraries_are_in_the_log(shards, tmp_path):
    options = {"shards": shards, "dir": tmp_path, "appendonly": "yes", "appendfsync": "always", "save": ""}
    with start_kevy(**options) as server, server.connect() as session:
        loaded(session)
        for command in [
            load(one("hello", "redis.call('INCR', 'n') return 'new'"), "REPLACE"),
            ("FUNCTION", "DELETE", "two"),
            ("FCALL", "hello", "0"),
        ]:
            assert not session.call(*command).is_error
        held = libraries(session)
        server.kill()
    with start_kevy(**options) as server, server.connect() as session:
        assert libraries(session) == held
        assert session.call("GET", "n").value == b"1"
        assert session.call("BGREWRITEAOF").kind == "+"
        eventually(lambda: b"aof_rewrite_in_progress:0" in session.call("INFO", "persistence").value, "the log is rewritten")
        server.kill()
    with start_kevy(**options) as server, server.connect() as session:
        assert libraries(session) == held
        assert session.call("FCALL", "hello", "0").value == b"new"
        assert session.call("GET", "n").value == b"2"
