"""Users: generated rules beside the reference, sessions that follow their user, the log, and files of users."""

import random
import time

import pytest

from support.resp import Connection, Disconnected, Reply, info
from support.servers import start_kevy, start_redis
from support.wait import eventually

from .grammar import as_dict


def users(session: Connection) -> list[str]:
    return [line.text for line in session.call("ACL", "LIST").value]


def fields(reply: Reply) -> dict[str, object]:
    """A flat array or map of names and values, of bulk strings and numbers."""
    pairs = reply.value if reply.kind == "%" else zip(reply.value[::2], reply.value[1::2])
    return {name.text: item.value.decode() if isinstance(item.value, bytes) else item.value for name, item in pairs}


#: What generated rules are made of: nothing whose members differ between the two servers.
CATEGORIES = ["set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream", "transaction"]
COMMANDS = ["get", "set", "del", "hset", "lpush", "config", "config|get", "client|id", "client", "ping", "xadd", "sort"]
FIRST_ARGUMENTS = ["select|0", "select|1", "ping|hello"]
PATTERNS = ["a*", "b?", "[ab]c", "x", "*", "", "\\*"]
LINES = [
    *[("GET", key) for key in ("a", "ab", "bx", "ac", "x", "other", "*")],
    *[("SET", key, "v") for key in ("a1", "b1", "bc", "x")],
    ("SET", "a1", "v", "GET"),
    ("SELECT", "0"),
    ("SELECT", "1"),
    ("PING",),
    ("PING", "hello"),
    ("CONFIG", "GET", "x"),
    ("CONFIG", "SET", "x", "y"),
    ("CLIENT", "ID"),
    ("CLIENT", "LIST"),
    ("DEL", "a", "b1", "x"),
    ("COPY", "a", "x"),
    ("SORT", "x", "STORE", "a"),
    ("HSET", "x", "f", "v"),
    ("HGET", "ab", "f"),
    ("LPUSH", "ac", "v"),
    ("ZADD", "x", "1", "m"),
    ("XADD", "a", "*", "f", "v"),
    ("PFADD", "x", "1"),
    ("MULTI",),
    ("AUTH", "x"),
]


def permissions(rng: random.Random) -> list[str]:
    rules = []
    for _ in range(rng.randint(1, 6)):
        kind = rng.random()
        if kind < 0.3:
            rules.append(rng.choice("+-") + "@" + rng.choice([*CATEGORIES, "all"]))
        elif kind < 0.6:
            rules.append(rng.choice("+-") + rng.choice(COMMANDS))
        elif kind < 0.7:
            rules.append("+" + rng.choice(FIRST_ARGUMENTS))
        elif kind < 0.9:
            rules.append(rng.choice(["~", "%R~", "%W~", "%RW~"]) + rng.choice(PATTERNS))
        else:
            rules.append(rng.choice(["allkeys", "resetkeys", "allcommands", "nocommands", "resetchannels", "&a", "&*"]))
    return rules


def test_generated_rules(reference, shared):
    """The same users are refused or may do the same, and what a user is told to be makes the same user again."""
    rng = random.Random(7)
    theirs, ours = reference.open(2), shared(3).connect()
    wrong = []
    for _ in range(150):
        rules = permissions(rng)
        for _ in range(rng.choice([0, 0, 1, 2])):
            rules.append("(" + " ".join(permissions(rng)) + ")")
        make = [("ACL", "DELUSER", "gen", "copy"), ("ACL", "SETUSER", "gen", *rules)]
        want, got = theirs.pipeline(make)[1], ours.pipeline(make)[1]
        if want != got:
            wrong.append(f"{rules}: {got!r}, should be {want!r}")
            continue
        if want.is_error:
            continue
        line = next(line for line in users(ours) if line.startswith("user gen "))
        again = line.removeprefix("user gen ").split()
        # The reference understands it, and so does kevy itself.
        for session in (theirs, ours):
            assert session.call("ACL", "SETUSER", "copy", "reset", *again).text == "OK", (rules, again)
        assert f"user copy {line.removeprefix('user gen ')}".replace("off ", "off sanitize-payload ") in users(ours)
        asked = [("ACL", "DRYRUN", user, *words) for words in LINES for user in ("gen", "copy")]
        for words, want, got in zip(asked, theirs.pipeline(asked), ours.pipeline(asked)):
            if want != got:
                wrong.append(f"{rules}, told as {again}: {words[2:]}: {got!r}, should be {want!r}")
    for session in (theirs, ours):
        session.call("ACL", "DELUSER", "gen", "copy")
    assert not wrong, "\n".join(wrong[:10])


def test_every_category_has_the_same_members(reference, shared):
    theirs, ours = reference.open(2), shared(1).connect()
    known = {name.text for name in ours.call("COMMAND", "LIST").value}
    categories = [name.text for name in theirs.call("ACL", "CAT").value]
    assert [name.text for name in ours.call("ACL", "CAT").value][: len(categories)] == categories
    for category in categories:
        want = {name.text for name in theirs.call("ACL", "CAT", category).value} & known
        got = {name.text for name in ours.call("ACL", "CAT", category).value}
        assert want <= got, category


def test_deluser_ends_the_sessions_of_the_user(kevy):
    admin, other = kevy.connect(), kevy.connect()
    admin.call("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "~*")
    admin.call("ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~*")
    sessions = [kevy.connect() for _ in range(4)]
    for session in sessions:
        assert session.call("AUTH", "ann", "x").text == "OK"
    assert other.call("AUTH", "bob", "x").text == "OK"
    assert admin.call("ACL", "DELUSER", "ann").value == 1
    assert all(session.at_end() for session in sessions)
    # Who removes itself still gets the reply.
    assert other.call("ACL", "DELUSER", "bob").value == 1
    assert other.at_end()
    assert admin.call("PING").text == "PONG"


def test_client_kill_by_user(kevy):
    admin = kevy.connect()
    admin.call("ACL", "SETUSER", "ann", "on", "nopass", "+@all")
    session = kevy.connect()
    session.call("AUTH", "ann", "x")
    assert "user=ann" in admin.call("CLIENT", "LIST").text
    assert admin.call("CLIENT", "KILL", "USER", "ann").value == 1
    assert session.at_end()
    assert admin.call("CLIENT", "KILL", "USER", "default").value == 0


def test_the_log(kevy):
    admin, session = kevy.connect(), kevy.connect()
    admin.call("ACL", "SETUSER", "ann", "on", ">pass", "~mine:*", "+@all", "-incr", "resetchannels")
    before = int(time.time() * 1000) - 100  # the server's clock is a coarse one
    denied = [
        (("AUTH", "ann", "wrong"), "auth", "AUTH"),
        (("hello", "3", "AUTH", "ann", "wrong"), "auth", "hello"),
        (("INCR", "mine:1"), "command", "incr"),
        (("CONFIG", "GET", "x"), None, None),
        (("MGET", "mine:1", "other"), "key", "other"),
    ]
    session.call("AUTH", "ann", "pass")
    for words, reason, _ in denied:
        for _ in range(3):
            assert session.call(*words).is_error == (reason is not None), words
    entries = [fields(entry) for entry in admin.call("ACL", "LOG").value]
    assert [(e["reason"], e["object"]) for e in entries] == [(r, o) for _, r, o in reversed(denied) if r]
    for number, entry in enumerate(reversed(entries)):
        assert list(entry) == [
            "count", "reason", "context", "object", "username", "age-seconds", "client-info", "entry-id",
            "timestamp-created", "timestamp-last-updated",
        ]
        assert (entry["count"], entry["context"], entry["username"]) == (3, "toplevel", "ann")
        assert entry["entry-id"] == number
        assert before <= entry["timestamp-created"] <= entry["timestamp-last-updated"]
        assert 0 <= float(entry["age-seconds"]) < 30
    assert "cmd=mget user=ann" in entries[0]["client-info"]
    stats = info(admin, "stats")
    assert [stats[f"acl_access_denied_{kind}"] for kind in ("auth", "cmd", "key", "channel")] == ["6", "3", "3", "0"]
    # In a transaction it is another place, when it is queued and when it runs.
    session.call("MULTI")
    session.call("INCR", "mine:1")
    session.call("EXEC")
    session.pipeline([("MULTI",), ("GET", "mine:1")])
    admin.call("ACL", "SETUSER", "ann", "-get")
    session.call("EXEC")
    entries = [fields(entry) for entry in admin.call("ACL", "LOG", "2").value]
    assert [(e["context"], e["object"]) for e in entries] == [("multi", "get"), ("multi", "incr")]
    assert "cmd=exec" in entries[0]["client-info"]
    # Its length follows the option at the next entry.
    admin.call("CONFIG", "SET", "acllog-max-len", 2)
    assert len(admin.call("ACL", "LOG", "100").value) == 6
    session.call("GET", "other")
    assert len(admin.call("ACL", "LOG", "100").value) == 2
    assert admin.call("ACL", "LOG", "RESET").text == "OK"
    assert admin.call("ACL", "LOG").value == ()
    admin.call("CONFIG", "RESETSTAT")
    assert info(admin, "stats")["acl_access_denied_cmd"] == "0"


def test_a_waiting_session_of_a_removed_user_ends(kevy):
    admin, session = kevy.connect(), kevy.connect()
    admin.call("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "~*")
    session.call("AUTH", "ann", "x")
    session.send("BLPOP", "list", "0")
    eventually(lambda: info(admin, "clients")["blocked_clients"] == "1", "it waits")
    admin.call("ACL", "DELUSER", "ann")
    assert session.at_end()
    admin.call("RPUSH", "list", "kept")
    assert admin.call("LLEN", "list").value == 1


def test_users_of_the_options(tmp_path):
    file = tmp_path / "kevy.conf"
    file.write_text(
        'user ann on ">two words" ~a* +get (+set ~b*)\n'
        "user default on nopass ~* +@all -flushdb\n"
        "user off_user off nopass +@all\n"
    )
    with start_kevy(str(file)) as server, server.connect() as session:
        assert session.call("FLUSHDB").value.startswith(b"NOPERM")
        assert session.call("AUTH", "ann", "two words").text == "OK"
        assert session.call("GET", "a").value is None
        assert session.call("SET", "b", "v").text == "OK"
        assert session.call("SET", "a", "v").is_error
        assert session.call("AUTH", "off_user", "x").is_error


def test_users_are_rewritten(tmp_path):
    file = tmp_path / "kevy.conf"
    file.write_text("# mine\nuser default on nopass ~* &* +@all -flushdb\nmaxmemory 1gb\n")
    with start_kevy(str(file)) as server, server.connect() as session:
        session.call("ACL", "SETUSER", "ann", "on", ">pass", "~a*", "+get", "(+set ~b*)")
        wanted = users(session)
        assert session.call("CONFIG", "REWRITE").text == "OK"
    assert file.read_text().startswith("# mine\nuser ann on #")
    with start_kevy(str(file)) as server, server.connect() as session:
        assert session.call("FLUSHDB").value.startswith(b"NOPERM")
        assert [line.replace(" sanitize-payload", "") for line in users(session)] == [
            line.replace(" sanitize-payload", "") for line in wanted
        ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--user", "foo", "on", "--user", "foo"), "Duplicate user"),
        (("--user", "default", "--user", "default"), "Duplicate user"),
        (("--user", "foo", "+nothing"), "Unknown command or category"),
        (("--user", "foo", "(+get"), "Unmatched parenthesis"),
        (("--aclfile", "missing.acl"), "missing.acl"),
        (("--aclfile", "missing.acl", "--user", "foo"), "both"),
    ],
)
def test_users_that_keep_the_server_from_starting(arguments, why, tmp_path):
    with pytest.raises(AssertionError, match=why):
        start_kevy(*arguments, dir=tmp_path)


#: Files of users, and the line numbers that are wrong.
FILES = {
    "good": "user alice on allcommands allkeys &* >alice\nuser bob on -@all +@set +acl ~set* &* >bob\nuser default on nopass ~* &* +@all\n",
    "no default": "\n\n  user alice on nopass +@all ~*  \nuser bob off\r\n",
    "selectors": "user alice on nopass (+get ~rw*)\nuser bob on nopass (+set %W~w*) ( +get %R~r* )\n",
    "empty": "\n",
    "no user": "alice on\n",
    "twice": "user alice on nopass ~* -@all\nuser bob on\nuser alice on\nuser default on nopass ~* -@all\nuser default on\n",
    "rule": "user alice on +foo\nuser bob fooled\n",
    "quotes": 'user alice "on\n',
    "parenthesis": "user alice (+get\n",
    "name only": "user\n",
    "hash": "user alice #1234\n",
}


def test_files_of_users(tmp_path):
    """The reference and kevy take the same files, and refuse the same in the same words, keeping what they had."""
    ours_file, theirs_file = tmp_path / "k" / "users.acl", tmp_path / "r" / "users.acl"
    for file in (ours_file, theirs_file):
        file.parent.mkdir()
        file.write_text(FILES["good"])
    with (
        start_redis(dir=theirs_file.parent, aclfile="users.acl") as reference,
        start_kevy(dir=ours_file.parent, aclfile="users.acl", shards=2) as server,
    ):
        theirs, ours = reference.connect(), server.connect()
        for name, content in FILES.items():
            for file in (ours_file, theirs_file):
                file.write_text(content)
            want, got = theirs.call("ACL", "LOAD"), ours.call("ACL", "LOAD")
            assert without_path(got) == without_path(want), name
            assert users(ours) == users(theirs), name
        for session, file in ((theirs, theirs_file), (ours, ours_file)):
            file.write_text(FILES["good"])
            assert session.call("ACL", "LOAD").text == "OK"
            session.call("ACL", "SETUSER", "carol", "on", ">carol", "~c*", "+get", "(+set ~d*)")
            assert session.call("ACL", "SAVE").text == "OK"
        assert ours_file.read_text().splitlines() == theirs_file.read_text().splitlines()
        assert [path.name for path in ours_file.parent.glob("*acl*")] == ["users.acl"]
        assert ours.call("ACL", "LOAD").text == "OK"
        assert ours.call("AUTH", "carol", "carol").text == "OK"
        assert ours.call("GET", "c").value is None
        assert ours.call("GET", "d").is_error
    # It is read at the start as well.
    with start_kevy(dir=ours_file.parent, aclfile="users.acl") as server, server.connect() as session:
        assert session.call("AUTH", "carol", "carol").text == "OK"


def without_path(reply: Reply) -> tuple:
    """A reply without the directories of files; where in a file an error is stays."""
    # The reference leaves a space out behind one of its sentences.
    text = reply.value.decode().replace(".WARNING", ". WARNING")
    return reply.kind, [word.rsplit("/", 1)[-1] for word in text.split()]


def test_loading_ends_only_the_sessions_that_it_concerns(tmp_path):
    file = tmp_path / "users.acl"
    file.write_text(FILES["good"])
    with start_kevy(dir=tmp_path, aclfile="users.acl") as server:
        admin, alice, dora = server.connect(), server.connect(), server.connect()
        admin.call("ACL", "SETUSER", "dora", "on", "nopass", "+@all", "~*")
        assert alice.call("AUTH", "alice", "alice").text == "OK"
        assert dora.call("AUTH", "dora", "x").text == "OK"
        assert admin.call("ACL", "LOAD").text == "OK"
        assert dora.at_end()
        assert alice.call("ACL", "WHOAMI").text == "alice"


def test_channels(kevy):
    admin, session = kevy.connect(), kevy.connect()
    admin.call("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "resetchannels", "&a*", "&b")
    session.call("AUTH", "ann", "x")
    refused = b"NOPERM this user has no permissions to access one of the channels used as arguments"
    assert session.call("PUBLISH", "a1", "m").value == 0
    assert session.call("SPUBLISH", "b", "m").value == 0
    for words in (
        ("PUBLISH", "c", "m"),
        ("SPUBLISH", "c", "m"),
        ("SUBSCRIBE", "a1", "c"),
        ("SSUBSCRIBE", "c"),
        ("PSUBSCRIBE", "a"),
        ("PSUBSCRIBE", "*"),
    ):
        assert session.call(*words).value == refused, words
    session.call("MULTI")
    assert session.call("PUBLISH", "c", "m").value == refused
    assert session.call("EXEC").value.startswith(b"EXECABORT")
    assert session.call("UNSUBSCRIBE", "c").kind == "*"
    assert info(admin, "stats")["acl_access_denied_channel"] == "7"
    assert fields(admin.call("ACL", "LOG", "1").value[0])["object"] == "c"


@pytest.mark.parametrize(
    ("subscribe", "rules", "ends"),
    [
        (("SUBSCRIBE", "a:1"), ("resetchannels", "&b"), True),
        (("SSUBSCRIBE", "a:1"), ("resetchannels", "&b"), True),
        (("PSUBSCRIBE", "a:*"), ("resetchannels", "&a:1"), True),
        (("SUBSCRIBE", "a:1"), ("resetchannels", "&a:1"), False),
        (("PSUBSCRIBE", "a:*"), ("resetchannels", "&a:*", "&c"), False),
        (("SUBSCRIBE", "a:1"), ("resetchannels", "(&a:*)"), False),
        (("SUBSCRIBE", "a:1"), ("allchannels",), False),
        (("SUBSCRIBE", "a:1"), ("resetkeys", "-@all"), False),
    ],
)
def test_subscribers_end_where_their_channel_is_taken_away(shared, subscribe, rules, ends):
    server = shared(3)
    admin, session, other = server.connect(), server.connect(), server.connect()
    admin.call("ACL", "SETUSER", "ann", "reset", "on", "nopass", "+@all", "&a:*")
    session.call("AUTH", "ann", "x")
    assert not session.call(*subscribe).is_error
    assert not other.call(*subscribe).is_error
    assert admin.call("ACL", "SETUSER", "ann", *rules).text == "OK"
    if ends:
        assert session.at_end()
    else:
        assert session.call("PING").value is not None
    # Other users' subscribers are left alone.
    assert not other.call("PING").is_error
    admin.call("ACL", "DELUSER", "ann")
    other.close()


def test_a_subscriber_that_takes_its_own_channel_away_gets_the_reply(shared):
    server = shared(1)
    admin, session = server.connect(), server.connect(3)
    admin.call("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "&a")
    session.call("AUTH", "ann", "x")
    session.call("SUBSCRIBE", "a")
    assert session.call("ACL", "SETUSER", "ann", "resetchannels").text == "OK"
    assert session.at_end()
    admin.call("ACL", "DELUSER", "ann")


def test_help_and_rows(shared):
    session = shared(1).connect(3)
    lines = [line.text for line in session.call("ACL", "HELP").value]
    assert any(line.startswith("SETUSER") for line in lines)
    assert as_dict(session.call("COMMAND", "DOCS", "ACL"))
