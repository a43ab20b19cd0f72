//! What the page and `/metrics` show, read by the commands that clients have for it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::dispatch::{Engine, Origin, Protocol, Reply, Session, Tree};

/// Entries of the slow log that the page shows.
const SLOW_ENTRIES: usize = 12;

/// Sections of INFO with their fields, both in order.
pub type Sections = Vec<(String, Vec<(String, String)>)>;

/// Reads figures of one runtime.
pub struct Reader {
    engine: Arc<Engine>,
    session: Session,
}

impl Reader {
    pub fn new(engine: Arc<Engine>) -> Self {
        let client = engine.server.clients.add_hidden(engine.server.clock.now_ms());
        Self { session: Session::new(client, true), engine }
    }

    fn run(&mut self, args: &[&[u8]]) -> Vec<u8> {
        let mut out = Reply::new(Protocol::Resp3);
        let now = self.engine.server.clock.now_ms();
        if self.engine.is_poisoned() {
            return Vec::new();
        }
        self.engine.dispatch(&mut self.session, args, &mut out, (now, Origin::Client));
        // A pause of all commands holds these back as well; then there are no figures.
        self.session.request = None;
        out.buf
    }

    /// INFO, by section.
    pub fn sections(&mut self) -> Sections {
        let reply = self.run(&[b"INFO", b"everything"]);
        let mut tree = Tree::new();
        if tree.parse(&reply).is_err() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(tree.root(&reply).bytes()).into_owned();
        let mut sections: Sections = Vec::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("# ") {
                sections.push((title.to_ascii_lowercase(), Vec::new()));
            } else if let (Some((_, fields)), Some((name, value))) =
                (sections.last_mut(), line.split_once(':'))
            {
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        sections
    }

    pub fn slow_log_len(&self) -> usize {
        self.engine.server.monitoring.slow_log.len()
    }

    fn slow_log(&self) -> Vec<Value> {
        let entries = self.engine.server.monitoring.slow_log.newest(SLOW_ENTRIES);
        let shown = |arg: &Vec<u8>| String::from_utf8_lossy(arg).into_owned();
        entries
            .iter()
            .map(|entry| {
                json!({
                    "id": entry.id,
                    "time": entry.time,
                    "us": entry.duration_us,
                    "args": entry.args.iter().map(shown).collect::<Vec<_>>(),
                    "client": entry.address,
                })
            })
            .collect()
    }

    /// Everything that the page shows.
    pub fn json(&mut self) -> String {
        let mut info = Map::new();
        for (title, fields) in self.sections() {
            let fields: Map<String, Value> = fields
                .into_iter()
                .map(|(name, value)| {
                    let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
                    (name, number.map_or(Value::String(value), Value::from))
                })
                .collect();
            info.insert(title, Value::Object(fields));
        }
        let now = self.engine.server.clock.now_ms();
        json!({ "time": now, "info": info, "slow_log": self.slow_log() }).to_string()
    }
}
