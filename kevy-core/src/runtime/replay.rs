//! Running what a log holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::log_sink;
use crate::dispatch::{Engine, Origin, Reply, Session, Shard};
use crate::persistence::{Player, Replay};
use crate::resp::Protocol;

/// Runs commands of a log on an engine.
#[derive(Debug)]
pub struct Replayer {
    engine: Arc<Engine>,
    /// Commands that were answered with an error.
    errors: AtomicU64,
}

impl Replayer {
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, errors: AtomicU64::new(0) }
    }

    /// How many commands were answered with an error.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }
}

impl Replay for Replayer {
    fn player(&self) -> Box<dyn Player + '_> {
        let server = &self.engine.server;
        let client = server.clients.add_hidden(server.clock.now_ms());
        let session = Session::new(client, true);
        Box::new(ReplaySession { replayer: self, session, out: Reply::new(Protocol::Resp3) })
    }
}

#[derive(Debug)]
struct ReplaySession<'a> {
    replayer: &'a Replayer,
    session: Session,
    out: Reply,
}

impl ReplaySession<'_> {
    /// Looks at the reply. An error is no reason to stop: the command did as little when it was logged.
    fn end(&mut self, args: &[&[u8]]) {
        if self.out.buf.first() == Some(&b'-') {
            self.note_error(args);
        }
        self.session.request = None;
        self.out.buf.clear();
    }

    #[cold]
    fn note_error(&self, args: &[&[u8]]) {
        if self.replayer.errors.fetch_add(1, Ordering::Relaxed) == 0 {
            let verb = args.first().copied().unwrap_or_default().escape_ascii();
            let reply = self.out.buf.trim_ascii_end().escape_ascii();
            log_sink::warning(format_args!(
                "a command of the append-only log, {verb}, was answered with {reply}"
            ));
        }
    }
}

impl Player for ReplaySession<'_> {
    fn run_on(&mut self, shard: &mut Shard, args: &[&[u8]]) -> Result<(), String> {
        let engine = &self.replayer.engine;
        let number = engine.find_for_replay(args).map_err(|fail| fail.text().into_owned())?;
        // Nothing is due: what expired was logged.
        engine.run_one(shard, &mut self.session, number, args, &mut self.out, (0, Origin::Replica));
        self.end(args);
        Ok(())
    }

    fn run(&mut self, args: &[&[u8]]) -> Result<(), String> {
        let replayed = self.replayer.engine.replay(&mut self.session, args, &mut self.out);
        replayed.map_err(|fail| fail.text().into_owned())?;
        self.end(args);
        Ok(())
    }

    fn is_general(&self, args: &[&[u8]]) -> bool {
        self.replayer.engine.is_general(args)
    }
}
