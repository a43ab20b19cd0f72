//! Commands that wait, WAIT and WAITAOF: each on a thread and a session of its own, so that neither JavaScript nor
//! Node's pool of threads stands still meanwhile.

use kevy_core::api::{Error, ErrorKind, Interrupter, Result, Session, Value};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use napi_derive::napi;

use crate::error::{failed, failure, text};
use crate::runtime;

/// How a wait ended: one of the two is there.
#[napi(object)]
#[derive(Clone, Debug)]
pub struct Waited {
    pub numbers: Option<Vec<f64>>,
    pub failure: Option<String>,
}

/// Tells JavaScript, and keeps the process alive until then.
type Done = ThreadsafeFunction<Waited, UnknownReturnValue, Waited, napi::Status, false>;

/// A wait under way.
#[napi(js_name = "NativeWait")]
#[derive(Debug)]
pub struct Handle {
    interrupter: Interrupter,
}

#[napi]
impl Handle {
    /// Ends the wait: it fails as interrupted.
    #[napi]
    pub fn interrupt(&self) {
        self.interrupter.interrupt();
    }
}

/// Runs a command that answers with numbers, and hands them to `done`.
#[napi]
pub fn start_wait(runtime_id: u32, argv: Vec<String>, done: Done) -> napi::Result<Handle> {
    let open = || runtime::find(runtime_id)?.runtime()?.session();
    let mut session = open().map_err(|error| failure(&error))?;
    let handle = Handle { interrupter: session.interrupter() };
    std::thread::Builder::new()
        .name("kevy-wait".into())
        .spawn(move || {
            let waited = match run(&mut session, &argv) {
                Ok(numbers) => Waited { numbers: Some(numbers), failure: None },
                Err(error) => Waited { numbers: None, failure: Some(text(&error)) },
            };
            drop(session);
            // Without an environment there is nobody to tell.
            done.call(waited, ThreadsafeFunctionCallMode::NonBlocking);
        })
        .map_err(|error| failed(ErrorKind::Io, &format!("cannot start a thread: {error}")))?;
    Ok(handle)
}

fn run(session: &mut Session, argv: &[String]) -> Result<Vec<f64>> {
    let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
    match Value::from(session.dispatch(&argv)?) {
        Value::Integer(number) => Ok(vec![number as f64]),
        Value::Array(values) => Ok(values
            .iter()
            .filter_map(|value| if let Value::Integer(number) = value { Some(*number as f64) } else { None })
            .collect()),
        Value::Error(text) => Err(Error::new(ErrorKind::of_reply(&text), text)),
        other => Err(Error::new(ErrorKind::Protocol, format!("a reply without numbers: {other:?}"))),
    }
}
