//! Subscriptions: a session of their own whose messages JavaScript takes when it is woken. No thread waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kevy_core::api::{Error, ErrorKind, Kind, Reply, Session};
use napi::Env;
use napi::bindgen_prelude::{Buffer, Either, Uint8Array};
use napi_derive::napi;

use crate::error::{failed, failure};
use crate::runtime::{self, Shared};
use crate::wake::{self, Waker};

/// A part of a message: text or bytes, as the subscription has it.
type Part = Either<String, Buffer>;

/// A subscription.
#[napi(js_name = "NativeSubscription")]
#[expect(missing_debug_implementations, reason = "a threadsafe function has none")]
pub struct Subscription {
    /// `None` once closed. Dropped before the runtime, in the order of the fields.
    session: Option<Session>,
    /// Somebody wants to be woken.
    is_awaited: Arc<AtomicBool>,
    wake: Waker,
    as_text: bool,
    _runtime: Arc<Shared>,
}

#[napi]
impl Subscription {
    /// Runs SUBSCRIBE and its kin.
    #[napi]
    pub fn change(&mut self, verb: String, names: Vec<Uint8Array>) -> napi::Result<()> {
        let mut argv = vec![verb.as_bytes()];
        argv.extend(names.iter().map(|name| &**name));
        let reply = self.session()?.dispatch(&argv).map_err(|error| failure(&error))?;
        if reply.kind() == Kind::Error {
            return Err(refused(&String::from_utf8_lossy(reply.bytes())));
        }
        Ok(())
    }

    /// The parts of the next message that is at hand, or null.
    #[napi]
    pub fn take(&mut self) -> napi::Result<Option<Vec<Part>>> {
        let as_text = self.as_text;
        let message = self.session()?.next_push(Duration::ZERO).map_err(|error| failure(&error))?;
        Ok(message.map(|message| message.children().map(|part| read(part, as_text)).collect()))
    }

    /// Asks for `wake` to be called when a message comes; false where one is there already.
    #[napi]
    pub fn listen(&mut self) -> napi::Result<bool> {
        self.is_awaited.store(true, Ordering::SeqCst);
        match self.session()?.wait_push(Duration::ZERO) {
            Ok(false) => Ok(true),
            other => {
                self.is_awaited.store(false, Ordering::SeqCst);
                other.map(|_| false).map_err(|error| failure(&error))
            }
        }
    }

    /// Whether the process stays alive for this subscription.
    #[napi]
    pub fn hold(&self, env: Env, is_held: bool) -> napi::Result<()> {
        self.wake.hold(env, is_held)
    }

    /// Ends it.
    #[napi]
    pub fn close(&mut self) {
        self.session = None;
    }

    fn session(&mut self) -> napi::Result<&mut Session> {
        self.session.as_mut().ok_or_else(|| failed(ErrorKind::Closed, "the subscription is closed"))
    }
}

/// The failure that an error reply is.
fn refused(text: &str) -> napi::Error {
    failed(ErrorKind::of_reply(text), text)
}

fn read(part: Reply<'_>, as_text: bool) -> Part {
    let bytes = part.bytes();
    if as_text {
        Either::A(String::from_utf8_lossy(bytes).into_owned())
    } else {
        Either::B(bytes.to_vec().into())
    }
}

/// Opens a subscription to nothing. `wake` is called after [`Subscription::listen`], once.
#[napi]
pub fn open_subscription(runtime_id: u32, as_text: bool, wake: wake::Function) -> napi::Result<Subscription> {
    let open = || -> Result<(Session, Arc<Shared>), Error> {
        let shared = runtime::find(runtime_id)?;
        let session = shared.runtime()?.session()?;
        Ok((session, shared))
    };
    let (mut session, shared) = open().map_err(|error| failure(&error))?;
    let (is_awaited, wake) = (Arc::new(AtomicBool::new(false)), Waker::new(wake));
    let (asked, call) = (is_awaited.clone(), wake.clone());
    session.set_push_waker(Some(Box::new(move || {
        if asked.swap(false, Ordering::SeqCst) {
            call.wake();
        }
    })));
    Ok(Subscription { session: Some(session), is_awaited, wake, as_text, _runtime: shared })
}
