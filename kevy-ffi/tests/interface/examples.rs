//! Runs the examples in C and C++ and looks at what they print.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use crate::support::{Build, compile, files, library, root, run, scratch};

/// Every example is there in these languages and does the same in each.
const LANGUAGES: [&str; 2] = ["c", "cpp"];

/// The compiled program of an example. All are compiled once.
fn example(language: &str, name: &str) -> PathBuf {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let dir = scratch("examples");
        for language in LANGUAGES {
            for source in files(&root().join("examples").join(language), language) {
                let name = source.file_stem().unwrap_or_default().to_string_lossy();
                compile(
                    std::slice::from_ref(&source),
                    &library(Build::Shipped),
                    &dir.join(format!("{name}-{language}")),
                    &[],
                );
            }
        }
        dir
    });
    compiled.join(format!("{name}-{language}"))
}

/// A program that runs until it is told to stop.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, lines }
    }

    /// Reads lines up to one that `wanted` likes, and returns them.
    fn until(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut seen = Vec::new();
        for line in self.lines.by_ref() {
            seen.push(line.expect("the program prints text"));
            if wanted(&seen[seen.len() - 1]) {
                return seen;
            }
        }
        panic!("the program ended after {seen:?}");
    }

    /// Sends a signal and waits for a clean end.
    fn stop(mut self, signal: libc::c_int) {
        // SAFETY: the process is this test's own child and has not been waited for.
        unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
        self.until(|line| line == "stopped");
        assert!(self.child.wait().expect("it can be waited for").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is gone already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(language: &str) -> (Running, u16) {
    let mut server = Running::start(&mut Command::new(example(language, "serve")));
    let line = server.until(|line| line.starts_with("listening on port ")).pop().unwrap_or_default();
    let port = line.rsplit(' ').next().and_then(|port| port.parse().ok());
    (server, port.expect("the last word is a port"))
}

/// Sends inline commands and returns as many bytes of the answer as are wanted.
fn ask(port: u16, commands: &str, wanted: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    socket.write_all(commands.as_bytes()).expect("the server reads");
    let mut answer = vec![0; wanted.len()];
    socket.read_exact(&mut answer).expect("the server answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn embed_keeps_a_value() {
    for language in LANGUAGES {
        assert_eq!(
            run(&mut Command::new(example(language, "embed"))),
            "greeting = hello\nnothing is not there\n"
        );
    }
}

#[test]
fn dispatch_walks_replies() {
    for language in LANGUAGES {
        let output = run(&mut Command::new(example(language, "dispatch")));
        for part in [
            "map of 4\n  name\n  ada\n  visits\n  42\n",
            "error WRONGTYPE",
            "integer 12\n",
            "integer -5\n  integer 5\n",
        ] {
            assert!(output.contains(part), "{language}: no {part:?} in {output}");
        }
    }
}

#[test]
fn serve_answers_over_tcp_and_stops_cleanly() {
    for language in LANGUAGES {
        let (server, port) = serve(language);
        let wanted = "$5\r\nhello\r\n+PONG\r\n";
        assert_eq!(ask(port, "GET greeting\r\nPING\r\n", wanted), wanted, "{language}");
        server.stop(libc::SIGTERM);
    }
}
#[test]
fn tail_prints_the_snapshot_then_changes_and_resumes_from_its_cursor() {
    for language in LANGUAGES {
        let (server, port) = serve(language);
        let program = example(language, "tail");
        let cursor = program.with_extension("cursor");
        let source = format!("kevy://127.0.0.1:{port}");
        let tail = || Running::start(Command::new(&program).arg(&source).arg(&cursor));

        let mut first = tail();
        let seen = first.until(|line| line == "snapshot ends");
        assert!(seen.contains(&"db 0: SET greeting hello".to_owned()), "{language}: {seen:?}");
        assert_eq!(ask(port, "SET colour blue\r\n", "+OK\r\n"), "+OK\r\n");
        first.until(|line| line == "db 0: SET colour blue");
        first.stop(libc::SIGINT);

        assert_eq!(ask(port, "INCRBY visits 3\r\n", ":3\r\n"), ":3\r\n");
        let mut second = tail();
        let seen = second.until(|line| line.contains("visits"));
        assert!(
            !seen.iter().any(|line| line.contains("snapshot") || line.contains("colour")),
            "{language}: {seen:?}"
        );
        second.stop(libc::SIGINT);
        server.stop(libc::SIGTERM);
    }
}
