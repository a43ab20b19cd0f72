"""Runs every benchmark side by side with redis-server and writes one report.

    python kevy-core/benches/report.py [--target target] [--quick]

Servers run on core 0, load on core 1, A and B in alternation; figures are medians over the pairs. The report is
Markdown with SVG plots and says the conditions beside the numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# name, cell of the generator, connections, pipeline, keys
CELLS = [
    ("GET P1", "get", 50, 1, 1_000_000),
    ("SET P1", "set", 50, 1, 1_000_000),
    ("GET P16", "get", 50, 16, 1_000_000),
    ("SET P16", "set", 50, 16, 1_000_000),
    ("GET P64", "get", 50, 64, 1_000_000),
    ("SET P64", "set", 50, 64, 1_000_000),
    ("GET P16, 1,000 keys", "get", 50, 16, 1_000),
    ("INCR P16", "incr", 50, 16, 1_000_000),
    ("HSET P16", "hset", 50, 16, 500_000),
    ("HGET P16", "hget", 50, 16, 500_000),
    ("MSET of 10, P16", "mset", 50, 16, 1_000_000),
    ("LPUSH P16, 1,000 lists", "lpush", 50, 16, 100_000),
    ("LRANGE 100, P16", "lrange", 50, 16, 200_000),
    ("SADD P16, 10,000 sets", "sadd", 50, 16, 500_000),
    ("ZADD P16, one of 100,000", "zadd", 50, 16, 100_000),
    ("ZRANGE 100, P16", "zrange", 50, 16, 100_000),
    ("XADD P16, 1,000 streams", "xadd", 50, 16, 100_000),
    ("EVALSHA of a GET, P16", "evalsha", 50, 16, 1_000_000),
    ("PUBLISH P16 to 50 subscribers", "publish", 10, 16, 1),
]

#: What INFO says where the whole log is on disk.
WRITTEN = [b"aof_buffer_length:0", b"aof_pending_bio_fsync:0"]

#: Requests a second at which latencies are measured.
RATES = [1_000, 10_000, 40_000]

# what is held, how it is filled, parts
HELD = [
    ("a key of 16 + 32 bytes", "get", 1_000_000),
    ("an element of a list of 50", "small-list", 2_000_000),
    ("a member of a set of 50 words", "small-set", 2_000_000),
    ("a member of a set of 50 integers", "small-intset", 4_000_000),
    ("a field of a hash of 50", "small-hash", 2_000_000),
    ("a member of a sorted set of 50", "small-zset", 2_000_000),
    ("an entry of a stream of 50", "small-stream", 2_000_000),
    ("a member of a sorted set of 100,000", "zadd", 100_000),
]


@dataclass
class Server:
    """A server on core 0 with one thread that executes commands."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    def rss(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def cpu_ns(self) -> int:
        """What all its threads have run."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.folder.cleanup()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(name: str, program: str, *more: str, folder: tempfile.TemporaryDirectory[str] | None = None) -> Server:
    """A server with further arguments, on a new directory or one that another has left."""
    port = free_port()
    folder = folder or tempfile.TemporaryDirectory()
    words = ["taskset", "-c", "0", program, "--port", str(port), "--dir", folder.name]
    if name == "kevy":
        words += ["--shards", "1"]
    else:
        words += ["--save", "", "--bind", "127.0.0.1"]
    words += more
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return Server(name, process, port, folder)
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{name} did not start") from None


def load(generator: str, server: Server, cell: str, connections: int, pipeline: int, keys: int, seconds: float,
         preload: bool, first: int = 0, rate: int | None = None) -> dict[str, float]:
    words = ["taskset", "-c", "1", generator, "--address", f"127.0.0.1:{server.port}", "--cell", cell,
             "--connections", str(connections), "--pipeline", str(pipeline), "--keys", str(keys), "--value", "32",
             "--seconds", str(seconds), "--process", str(server.process.pid)]
    if preload:
        words += ["--preload", "--from", str(first)]
    if rate is not None:
        words += ["--rate", str(rate)]
    result: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return result


@dataclass
class Row:
    name: str
    kevy: list[dict[str, float]] = field(default_factory=list)
    redis: list[dict[str, float]] = field(default_factory=list)

    @staticmethod
    def median(runs: list[dict[str, float]], key: str) -> float:
        return statistics.median(run[key] for run in runs)

    def ratio(self, key: str) -> float:
        return statistics.median(a[key] / b[key] for a, b in zip(self.kevy, self.redis))


def loopback(options: argparse.Namespace) -> list[Row]:
    pairs, seconds = (1, 1.0) if options.quick else (3, 2.0)
    rows = []
    for name, cell, connections, pipeline, keys in CELLS:
        row = Row(name)
        servers = {"kevy": start("kevy", options.kevy), "redis": start("redis", options.redis)}
        try:
            for pair in range(pairs):
                for which, server in servers.items():
                    run = load(options.load, server, cell, connections, pipeline, keys, seconds, pair == 0)
                    (row.kevy if which == "kevy" else row.redis).append(run)
        finally:
            for server in servers.values():
                server.stop()
        rows.append(row)
        print(f"{name:24} kevy {row.median(row.kevy, 'per_second'):>10,.0f}/s "
              f"{row.median(row.kevy, 'server_ns_per_operation'):>7,.0f} ns   "
              f"redis {row.median(row.redis, 'per_second'):>10,.0f}/s "
              f"{row.median(row.redis, 'server_ns_per_operation'):>7,.0f} ns   "
              f"{row.ratio('per_second'):.2f}x", file=sys.stderr, flush=True)
    return rows


def memory(options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Growth of the resident set per part, of kevy and of redis-server.

    A fifth is written before the measure begins, so that buffers and the huge pages of an empty server do not count.
    """
    held = {}
    for title, cell, parts in HELD:
        grown = []
        for name, program in (("kevy", options.kevy), ("redis", options.redis)):
            server = start(name, program)
            try:
                first = 0 if cell == "zadd" else parts // 5
                if first:
                    load(options.load, server, cell, 1, 1, first, 0, True)
                before = server.rss()
                load(options.load, server, cell, 1, 1, parts, 0, True, first)
                grown.append((server.rss() - before) / (parts - first))
            finally:
                server.stop()
        held[title] = (grown[0], grown[1])
        print(f"{title:36} kevy {grown[0]:8.1f} B   redis {grown[1]:8.1f} B", file=sys.stderr, flush=True)
    return held


def logging(options: argparse.Namespace) -> dict[str, float]:
    """SET from 50 connections with the append-only log, of kevy and redis-server in alternation."""
    pairs, seconds = (1, 1.0) if options.quick else (3, 2.0)
    kinds = {
        "appendfsync always, P1": (1, ["--appendonly", "yes", "--appendfsync", "always"]),
        "appendfsync everysec, P16": (16, ["--appendonly", "yes", "--appendfsync", "everysec"]),
        "no log, P16": (16, []),
    }
    figures: dict[str, float] = {}
    for title, (pipeline, words) in kinds.items():
        # The log of both is left to grow: a rewrite would be measured with what is written.
        words = [*words, "--auto-aof-rewrite-percentage", "0"]
        runs: dict[str, list[float]] = {"kevy": [], "redis": []}
        for _ in range(pairs):
            for name, program in (("kevy", options.kevy), ("redis", options.redis)):
                server = start(name, program, *words)
                try:
                    run = load(options.load, server, "set", 50, pipeline, 100_000, seconds, True)
                    runs[name].append(run["per_second"])
                finally:
                    server.stop()
        for name, found in runs.items():
            figures[f"SET/s, {title}, {name}"] = statistics.median(found)
    return figures


def snapshots(options: argparse.Namespace) -> dict[str, float]:
    """Seconds that SAVE takes, and that a server takes to start with what was saved or logged, of a million keys."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.resp import Connection

    keys = 100_000 if options.quick else 1_000_000
    figures: dict[str, float] = {"keys of 16 + 32 bytes": keys}
    for name, program in (("kevy", options.kevy), ("redis", options.redis)):
        for title, words in (("snapshot", []), ("log", ["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"])):
            server = start(name, program, *words)
            load(options.load, server, "get", 1, 1, keys, 0, True)
            if title == "snapshot":
                with Connection.tcp(server.port) as session:
                    began = time.monotonic()
                    session.call("SAVE")
                    figures[f"SAVE, {name}, s"] = time.monotonic() - began
            else:
                with Connection.tcp(server.port) as session:
                    while not all(field in session.call("INFO", "persistence").value for field in WRITTEN):
                        time.sleep(0.05)
            server.process.kill()
            server.process.wait()
            began = time.monotonic()
            again = start(name, program, *words, folder=server.folder)
            try:
                with Connection.tcp(again.port) as session:
                    while session.call("DBSIZE").value != keys:
                        time.sleep(0.005)
                figures[f"start with a {title}, {name}, s"] = time.monotonic() - began
            finally:
                again.stop()
    return figures


def vectors(options: argparse.Namespace) -> dict[str, float]:
    """Searches among vectors: queries per second, and how many of the ten nearest are found."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.resp import Connection

    count = 5_000 if options.quick else 20_000
    server = start("kevy", options.kevy)
    try:
        run = load(options.load, server, "vsim", 8, 1, count, 1.0 if options.quick else 3.0, True)
        session = Connection.tcp(server.port)
        asked = found = 0
        for number in range(0, count, count // 200):
            query = ("VSIM", "vectors", "ELE", f"element:{number:010}", "COUNT", "11")
            true = {reply.value for reply in session.call(*query, "TRUTH").value}
            found += len(true & {reply.value for reply in session.call(*query).value}) - 1
            asked += len(true) - 1
        session.close()
    finally:
        server.stop()
    return {
        "vectors of 128 components, uniformly at random": count,
        "VSIM COUNT 10, queries/s": run["per_second"],
        "server CPU per query, us": run["server_ns_per_operation"] / 1000,
        "recall@10 against TRUTH": found / asked,
    }


def latency(options: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """Latencies of GET at fixed rates, in microseconds from when a request was due to its reply."""
    seconds = 1.0 if options.quick else 4.0
    figures: dict[str, dict[str, dict[str, float]]] = {}
    servers = {"kevy": start("kevy", options.kevy), "redis": start("redis", options.redis)}
    try:
        for rate in RATES:
            runs: dict[str, list[dict[str, float]]] = {"kevy": [], "redis": []}
            for pair in range(1 if options.quick else 3):
                for name, server in servers.items():
                    runs[name].append(load(options.load, server, "get", 50, 1, 1_000_000, seconds, pair == 0 and rate == RATES[0],
                                           rate=rate))
            figures[f"{rate:,}/s"] = {
                name: {key: statistics.median(run[key] for run in found) for key in found[0]} for name, found in runs.items()
            }
    finally:
        for server in servers.values():
            server.stop()
    return figures


def idle(options: argparse.Namespace) -> dict[str, float]:
    """CPU that a server takes with a thousand connections on which nothing happens."""
    figures = {}
    for name, program in (("kevy", options.kevy), ("redis", options.redis)):
        server = start(name, program)
        try:
            with contextlib.ExitStack() as stack:
                for _ in range(1_000):
                    stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                time.sleep(1)
                seconds = 1 if options.quick else 5
                before = server.cpu_ns()
                time.sleep(seconds)
                figures[f"per mille of a core, {name}"] = (server.cpu_ns() - before) / seconds / 1e6
        finally:
            server.stop()
    return figures


def tool(words: list[str], folder: Path | None = None) -> dict[str, float] | None:
    """Runs a benchmark that prints one JSON object as its last line; None where it cannot run here."""
    run = subprocess.run(words, cwd=folder or ROOT, capture_output=True, text=True)
    if run.returncode != 0:
        print(f"left out: {' '.join(words)}\n{run.stderr[-800:]}", file=sys.stderr)
        return None
    result: dict[str, float] = json.loads(run.stdout.strip().splitlines()[-1])
    return result


def plot(rows: list[Row], out: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams.update({"svg.hashsalt": "kevy", "svg.fonttype": "none"})
    for key, title, file, scale in (
        ("per_second", "Operations per second, one core (thousands)", "throughput.svg", 1e-3),
        ("server_ns_per_operation", "Server CPU per operation (us)", "cpu.svg", 1e-3),
    ):
        figure, axes = plt.subplots(figsize=(9, 4.2))
        at = range(len(rows))
        axes.bar([x - 0.2 for x in at], [Row.median(r.kevy, key) * scale for r in rows], 0.4, label="kevy",
                 color="#1f6f8b")
        axes.bar([x + 0.2 for x in at], [Row.median(r.redis, key) * scale for r in rows], 0.4, label="redis-server",
                 color="#c9ada7")
        axes.set_xticks(list(at), [row.name for row in rows], rotation=35, ha="right", fontsize=8)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_title(title, fontsize=10)
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        figure.savefig(out / file, metadata={"Date": None})
        plt.close(figure)


def plot_latency(figures: dict[str, dict[str, dict[str, float]]], out: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(figures), figsize=(9, 3), sharey=True)
    points = ["p50_us", "p90_us", "p99_us", "p99.9_us", "max_us"]
    for axis, (rate, found) in zip(axes, figures.items()):
        for name, color in (("kevy", "#1f6f8b"), ("redis", "#c9ada7")):
            axis.plot([point.removesuffix("_us") for point in points], [found[name][point] for point in points], marker="o",
                      label={"redis": "redis-server"}.get(name, name), color=color)
        axis.set_yscale("log")
        axis.set_title(f"GET at {rate}, latency (us)", fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    axes[0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(out / "latency.svg", metadata={"Date": None})
    plt.close(figure)


def newest(target: Path, bench: str) -> str:
    """The program that cargo bench --no-run made."""
    made = [path for path in (target / "release/deps").glob(f"{bench}-*") if path.suffix == "" and os.access(path, os.X_OK)]
    return str(max(made, key=lambda path: path.stat().st_mtime))


def compile_c(target: Path, source: Path) -> str:
    """Builds a C program against the static library."""
    program = target / "bench" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-I", str(ROOT / "include"), str(source), "-o", str(program),
                    str(target / "dist/libkevy.a"), "-lpthread", "-ldl", "-lm"], check=True)
    return str(program)


def version(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True).stdout.strip().splitlines()[0]


def write(options: argparse.Namespace, rows: list[Row], held: dict[str, tuple[float, float]],
          waits: dict[str, dict[str, dict[str, float]]], extra: dict[str, dict[str, float] | None]) -> None:
    lines = ["# kevy benchmark", ""]
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "unknown")
    lines += [f"{version([options.kevy, '--version'])} beside {version([options.redis, '--version'])}; "
              f"{os.cpu_count()} cores of {cpu}, Linux {platform.release()}. Server on core 0 with one shard, lean "
              "generator on core 1, 50 connections, keys of 16 bytes drawn at random, values of 32; no persistence "
              "where nothing else is said. Medians of alternating pairs; the ratio is the median of each pair's.", "",
              "## Over loopback", "",
              "| cell | kevy op/s | redis op/s | ratio | kevy CPU ns/op | redis CPU ns/op | ratio |",
              "| --- | --: | --: | --: | --: | --: | --: |"]
    for row in rows:
        lines.append(
            f"| {row.name} | {Row.median(row.kevy, 'per_second'):,.0f} | {Row.median(row.redis, 'per_second'):,.0f} | "
            f"{row.ratio('per_second'):.2f} | {Row.median(row.kevy, 'server_ns_per_operation'):,.0f} | "
            f"{Row.median(row.redis, 'server_ns_per_operation'):,.0f} | "
            f"{1 / row.ratio('server_ns_per_operation'):.2f} |")
    lines += ["", "![throughput](throughput.svg)", "", "![CPU](cpu.svg)", "", "## Latency of GET at a fixed rate, us", "",
              "From when a request was due to its reply, 50 connections.", "",
              "| rate | server | p50 | p90 | p99 | p99.9 | worst |", "| --- | --- | --: | --: | --: | --: | --: |"]
    lines += ["| " + " | ".join([rate, name, *(f"{found[key]:.1f}" for key in list(found)[1:])]) + " |"
              for rate, both in waits.items() for name, found in both.items()]
    lines += ["", "![latency](latency.svg)", "", "## Resident bytes", "",
              "| of | kevy | redis | ratio |", "| --- | --: | --: | --: |"]
    lines += [f"| {title} | {kevy:.1f} | {redis:.1f} | {kevy / redis:.2f} |" for title, (kevy, redis) in held.items()]
    lines.append("")
    for title, figures in extra.items():
        lines += [f"## {title}", ""]
        if figures is None:
            lines += ["Could not run here.", ""]
            continue
        lines += ["| figure | value |", "| --- | --: |"]
        lines += [f"| {name} | {value:,.2f} |" if isinstance(value, float) else f"| {name} | {value:,} |"
                  for name, value in figures.items()]
        lines.append("")
    (options.out / "report.md").write_text("\n".join(lines))
    figures = {"cells": [{"name": r.name, "kevy": r.kevy, "redis": r.redis} for r in rows], "resident bytes": held, "latency": waits, **extra}
    (options.out / "report.json").write_text(json.dumps(figures, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=ROOT / "target", help="where cargo builds")
    parser.add_argument("--redis", default=shutil.which("redis-server"))
    parser.add_argument("--python", help="an interpreter that has kevy")
    parser.add_argument("--node", help="a node that finds kevy")
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench")
    parser.add_argument("--quick", action="store_true", help="one short pair of each")
    options = parser.parse_args()
    if options.redis is None:
        sys.exit("redis-server is not installed: there is nothing to compare with")
    options.out.mkdir(parents=True, exist_ok=True)
    # Some programs run in folders of their own.
    options.target = options.target.resolve()
    options.kevy = str(options.target / "dist/kevy")
    options.load = newest(options.target, "load")
    pauses = newest(options.target, "pauses")
    embedded = compile_c(options.target, ROOT / "kevy-core/benches/embedded.c")

    extra: dict[str, dict[str, float] | None] = {}
    rows = loopback(options)
    waits = latency(options)
    held = memory(options)
    keys = "1000000" if options.quick else "10000000"
    extra["One command while a keyspace grows, is saved, expires and shrinks, ns"] = tool([pauses, "--keys", keys])
    extra["A thousand idle connections"] = idle(options)
    extra["The append-only log"] = logging(options)
    extra["Saving and starting"] = snapshots(options)
    extra["Nearest vectors (VSIM)"] = vectors(options)
    extra["In-process and following, from C"] = tool([embedded])
    extra["Primaries of a redis-server replica"] = tool(
        [sys.executable, "kevy-core/benches/replication.py", "--kevy", options.kevy, "--redis", options.redis, "--load",
         options.load, *(["--keys", "100000", "--seconds", "1"] if options.quick else [])])
    if options.python:
        extra["In-process from Python, ns"] = tool([options.python, "bindings/python/bench/calls.py", "--json"])
    if options.node:
        extra["In-process from Node, ns"] = tool([options.node, "bench/calls.mjs", "--json"], ROOT / "bindings/node")
    plot(rows, options.out)
    plot_latency(waits, options.out)
    write(options, rows, held, waits, extra)
    print((options.out / "report.md").read_text())


if __name__ == "__main__":
    main()
