"""TLS on the client port: who gets in, who does not, and that neither costs anybody else."""

import datetime
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
import redis
import trustme

from support.resp import Connection, info
from support.servers import Server, free_port, start_kevy
from support.wait import eventually

from .conftest import SHARDS


class Identity:
    """A certificate and its key in files."""

    def __init__(self, directory: Path, name: str, authority: trustme.CA, **rest):
        issued = authority.issue_cert("localhost", "127.0.0.1", **rest)
        self.certificate, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        for at, pem in enumerate(issued.cert_chain_pems):
            pem.write_to_path(self.certificate, append=at > 0)
        issued.private_key_pem.write_to_path(self.key)


class Files:
    """Two authorities, only the first of which is trusted, and who they vouch for."""

    def __init__(self, directory: Path):
        trusted, other = trustme.CA(), trustme.CA()
        self.authority, self.other_authority = directory / "ca.crt", directory / "other.crt"
        trusted.cert_pem.write_to_path(self.authority)
        other.cert_pem.write_to_path(self.other_authority)
        now = datetime.datetime.now(datetime.timezone.utc)
        past = {"not_before": now - datetime.timedelta(days=9), "not_after": now - datetime.timedelta(days=1)}
        self.server = Identity(directory, "server", trusted)
        self.client = Identity(directory, "client", trusted)
        self.expired = Identity(directory, "expired", trusted, **past)
        self.stranger = Identity(directory, "stranger", other)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


def start(files: Files, shards: int = 1, **options) -> tuple[Server, int]:
    """A server with a plain port and a TLS port."""
    port = free_port()
    defaults = {
        "tls_port": port,
        "tls_cert_file": files.server.certificate,
        "tls_key_file": files.server.key,
        "tls_ca_cert_file": files.authority,
    }
    return start_kevy(shards=shards, **(defaults | options)), port


@pytest.fixture(scope="module", params=SHARDS, ids=lambda n: f"shards{n}")
def served(request, files):
    server, port = start(files, request.param)
    with server:
        yield server, port


def context(files: Files, identity: Identity | None, authority: Path | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=authority or files.authority)
    if identity:
        made.load_cert_chain(identity.certificate, identity.key)
    return made


def connect(made: ssl.SSLContext, port: int, protocol: int = 2) -> Connection:
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    try:
        return Connection(made.wrap_socket(raw, server_hostname="localhost"), protocol)
    except BaseException:
        raw.close()
        raise


def is_refused(made: ssl.SSLContext, port: int) -> bool:
    """Whether no command gets an answer. A client of TLS 1.3 learns only when it reads that it was refused."""
    try:
        with connect(made, port) as session:
            session.call("PING")
    except (OSError, ConnectionError):
        return True
    return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("protocol", [2, 3])
def test_commands_of_any_size(served, files, version, protocol):
    _, port = served
    made = context(files, files.client)
    made.minimum_version = made.maximum_version = version
    with connect(made, port, protocol) as session:
        assert session.sock.version() == version.name.replace("_", ".")
        for size in (0, 1, 16_384, 16_385, 100_000, 3 << 20):
            value = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            assert session.call("SET", f"k{size}", value).text == "OK"
            assert session.call("GET", f"k{size}").value == value
        # Half a megabyte of replies to one flight of commands.
        commands = [("SET", f"p{i}", "v" * 100) for i in range(3000)] + [("GET", f"p{i}") for i in range(3000)]
        replies = session.pipeline(commands)
        assert [reply.text for reply in replies] == ["OK"] * 3000 + ["v" * 100] * 3000
        assert f"laddr=127.0.0.1:{port}" in session.call("CLIENT", "INFO").text


def test_a_slow_reader_gets_everything(served, files):
    _, port = served
    with connect(context(files, files.client), port) as session:
        session.call("SET", "big", "v" * 1_000_000)
        count = 30
        for _ in range(count):
            session.send("GET", "big")
        assert all(len(session.read().value) == 1_000_000 for _ in range(count))


@pytest.mark.parametrize("who", ["nobody", "stranger", "expired"])
def test_clients_that_are_not_trusted(served, files, who):
    server, port = served
    identity = None if who == "nobody" else getattr(files, who)
    assert is_refused(context(files, identity), port)
    with server.connect() as session:
        assert session.call("PING").text == "PONG"


def test_a_server_that_is_not_trusted(served, files):
    _, port = served
    with pytest.raises(ssl.SSLError):
        connect(context(files, files.client, files.other_authority), port)


def test_clients_are_asked_as_the_options_say(files):
    server, port = start(files)
    with server, server.connect() as admin:
        for asked, nobody, stranger in (("no", False, False), ("optional", False, True), ("yes", True, True)):
            assert admin.call("CONFIG", "SET", "tls-auth-clients", asked).text == "OK"
            assert is_refused(context(files, None), port) == nobody, asked
            assert is_refused(context(files, files.stranger), port) == stranger, asked
            assert not is_refused(context(files, files.client), port)


def test_versions_and_ciphers(files):
    server, port = start(files)
    with server, server.connect() as admin:

        def is_spoken(version: ssl.TLSVersion, ciphers: str | None = None) -> bool:
            made = context(files, files.client)
            made.minimum_version = made.maximum_version = version
            if ciphers:
                made.set_ciphers(ciphers)
            return not is_refused(made, port)

        old, new = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
        assert admin.call("CONFIG", "SET", "tls-protocols", "TLSv1.2").text == "OK"
        assert is_spoken(old) and not is_spoken(new)
        assert admin.call("CONFIG", "SET", "tls-protocols", "TLSv1.3").text == "OK"
        assert is_spoken(new) and not is_spoken(old)
        assert admin.call("CONFIG", "SET", "tls-protocols", "", "tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384").text == "OK"
        assert is_spoken(old, "ECDHE-ECDSA-AES256-GCM-SHA384") and is_spoken(new)
        assert not is_spoken(old, "ECDHE-ECDSA-AES128-GCM-SHA256")
        for name, value in (("tls-protocols", "TLSv1.1"), ("tls-ciphers", "NULL"), ("tls-ciphersuites", "x")):
            refused = admin.call("CONFIG", "SET", name, value)
            assert refused.text == (
                f"ERR CONFIG SET failed (possibly related to argument '{name}') - "
                "Unable to update TLS configuration. Check server logs."
            )
        assert admin.call("CONFIG", "GET", "tls-protocols").value[1].text == ""


def test_certificates_are_changed_while_it_runs(files, tmp_path):
    server, port = start(files)
    with server, server.connect() as admin:
        before = connect(context(files, files.client), port)
        other = context(files, files.client, files.other_authority)
        with pytest.raises(ssl.SSLError):
            connect(other, port)
        stranger = files.stranger
        changed = ("tls-cert-file", stranger.certificate, "tls-key-file", stranger.key)
        assert admin.call("CONFIG", "SET", *changed).text == "OK"
        with connect(other, port) as session:
            assert session.call("PING").text == "PONG"
        # Who is connected stays so, and a file that is wrong changes nothing.
        assert before.call("PING").text == "PONG"
        broken = tmp_path / "broken.crt"
        for content in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None):
            if content is None:
                broken.unlink()
            else:
                broken.write_text(content)
            assert admin.call("CONFIG", "SET", "tls-cert-file", broken).is_error
            assert admin.call("CONFIG", "GET", "tls-cert-file").value[1].text == str(stranger.certificate)
        # A key of another certificate.
        assert admin.call("CONFIG", "SET", "tls-key-file", files.client.key).is_error
        with connect(other, port) as session:
            assert session.call("PING").text == "PONG"


@pytest.mark.parametrize(
    "options",
    [
        {"tls_cert_file": ""},
        {"tls_key_file": "missing.key"},
        {"tls_ca_cert_file": ""},
        {"tls_protocols": "SSLv3"},
    ],
)
def test_what_keeps_a_server_from_starting(files, options):
    with pytest.raises(AssertionError, match="TLS"):
        start(files, **options)


#: What is sent to the TLS port by somebody who does not speak TLS, or means harm.
GARBAGE = {
    "plain text": b"PING\r\n",
    "a request": b"*1\r\n$4\r\nPING\r\n",
    "a record that is too long": b"\x16\x03\x01\xff\xff" + b"x" * 65_535,
    "a record that is too long for any": b"\x17\x03\x03\x48\x01" + b"x" * 20_000,
    "noise": bytes(range(256)) * 100,
    "empty records": b"\x16\x03\x01\x00\x00" * 1000,
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_tls_is_turned_away(served, files, name):
    server, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sent = GARBAGE[name]
        received = b""
        try:
            sock.sendall(sent)
            while chunk := sock.recv(4096):
                received += chunk
        except ConnectionError:
            pass
        # At most an alert is answered, and no reply of a command.
        assert len(received) <= 7 and b"PONG" not in received
    assert not is_refused(context(files, files.client), port)
    with server.connect() as session:
        eventually(lambda: int(info(session, "clients")["connected_clients"]) == 1, "it is forgotten")


def test_tls_on_the_plain_port(served, files):
    server, _ = served
    with pytest.raises((ssl.SSLError, OSError)):
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=2)
        context(files, files.client).wrap_socket(raw, server_hostname="localhost")
    with server.connect() as session:
        assert session.call("PING").text == "PONG"


def test_handshakes_that_do_not_end(files):
    """Who begins and does not go on is cut off, and others are served meanwhile."""
    server, port = start(files)
    with server, server.connect() as admin:
        silent = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(20)]
        for sock in silent[:10]:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert not is_refused(context(files, files.client), port)
        assert admin.call("PING").text == "PONG"
        for sock in silent:
            try:
                assert sock.recv(1) in (b"", b"\x15")
            except ConnectionError:
                pass
        eventually(lambda: int(info(admin, "clients")["connected_clients"]) == 1, "none of them is left")


def test_many_handshakes_at_once(served, files):
    server, port = served
    made = context(files, files.client)
    raw = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(60)]
    sessions = [Connection(made.wrap_socket(sock, server_hostname="localhost")) for sock in raw]
    for session in sessions:
        session.send("PING")
    assert all(session.read().text == "PONG" for session in sessions)
    for session in sessions:
        session.close()
    with server.connect() as admin:
        eventually(lambda: int(info(admin, "clients")["connected_clients"]) == 1, "all are gone")


def test_quit_ends_with_a_proper_close(served, files):
    _, port = served
    with connect(context(files, files.client), port) as session:
        session.send("QUIT")
        assert session.read().text == "OK"
        # An end without a word of it would be an error here.
        assert session.sock.recv(1) == b""


def test_a_password_is_asked_for_as_on_any_port(files):
    server, port = start(files, requirepass="secret")
    with server, connect(context(files, files.client), port) as session:
        assert session.call("PING").value.startswith(b"NOAUTH")
        assert session.call("HELLO", "3", "AUTH", "default", "secret").kind == "%"
        assert session.call("PING").text == "PONG"


def test_redis_py_and_redis_cli(served, files):
    _, port = served
    client = redis.Redis(
        port=port,
        host="localhost",
        ssl=True,
        ssl_ca_certs=str(files.authority),
        ssl_certfile=str(files.client.certificate),
        ssl_keyfile=str(files.client.key),
    )
    with client.pipeline() as pipe:
        pipe.set("greeting", "hello").get("greeting")
        assert pipe.execute() == [True, b"hello"]
    with client.pubsub() as pubsub:
        pubsub.subscribe("news")
        assert pubsub.get_message(timeout=20)["type"] == "subscribe"
        client.publish("news", "it works")
        assert pubsub.get_message(timeout=20)["data"] == b"it works"
    client.close()
    tool = shutil.which("redis-cli")
    assert tool, "redis-cli is not installed"
    words = [tool, "-p", port, "--tls", "--cacert", files.authority, "--cert", files.client.certificate]
    words += ["--key", files.client.key, "GET", "greeting"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "hello", done


def test_a_replica_is_fed_over_tls(files):
    server, port = start(files)
    with server, connect(context(files, files.client), port) as replica, server.connect() as session:
        session.call("SET", "before", "v" * 50_000)
        replica.send("REPLICATE", "FROM", "0", "ID", "over-tls")
        assert replica.read().text.startswith("ACK")
        session.call("SET", "after", "1")
        seen = b""
        while b"after" not in seen:
            seen += replica.sock.recv(65536)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_replica_follows_over_tls(files, trusted):
    """With `tls-replication` a replica connects by TLS, and follows only who proves to be its primary."""
    primary, port = start(files)
    authority = files.authority if trusted else files.other_authority
    with primary, primary.connect() as session:
        session.call("SET", "before", "1")
        replica = start_kevy(
            tls_replication="yes",
            tls_cert_file=files.client.certificate,
            tls_key_file=files.client.key,
            tls_ca_cert_file=authority,
            replicaof=f"127.0.0.1 {port}",
        )
        with replica, replica.connect() as reader:
            if trusted:
                eventually(lambda: reader.call("GET", "before").value == b"1", "the snapshot has come")
                session.call("SET", "after", "2")
                eventually(lambda: reader.call("GET", "after").value == b"2", "the stream goes on")
            else:
                eventually(lambda: "ertificate" in replica.output(), "the log says why")
                assert info(reader, "replication")["master_link_status"] == "down"
                assert reader.call("GET", "before").value is None
