//! INFO: the state and the counters of the server, in Redis's sections and field names.
//!
//! A field that Redis has and kevy has nothing true to say about is left out.

mod commands;
mod figures;
mod sections;
mod sizes;
mod text;

use crate::command::arguments::is_word;
use crate::command::{Context, Outcome};

use figures::Figures;
use text::Text;

pub use sections::clients_memory;

type WriteSection = fn(&mut Text, &Figures<'_>);

/// When a section is written without its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Always.
    Default,
    /// Under `all` and `everything`.
    All,
    /// By default and under `everything`, but not under `all`.
    Modules,
    /// Never: it costs much, or is for tests.
    Named,
}

/// The sections in the order in which they are written.
const SECTIONS: &[(&str, Part, WriteSection)] = &[
    ("server", Part::Default, sections::server),
    ("clients", Part::Default, sections::clients),
    ("memory", Part::Default, sections::memory),
    ("persistence", Part::Default, sections::persistence),
    ("stats", Part::Default, sections::stats),
    ("replication", Part::Default, sections::replication),
    ("cpu", Part::Default, sections::cpu),
    ("modules", Part::Modules, sections::modules),
    ("commandstats", Part::All, commands::commandstats),
    ("errorstats", Part::Default, commands::errorstats),
    ("latencystats", Part::All, commands::latencystats),
    ("cluster", Part::Default, sections::cluster),
    ("keyspace", Part::Default, sections::keyspace),
    ("keysizes", Part::Named, sections::keysizes),
    ("debug", Part::Named, sections::debug),
    ("kevy", Part::Default, sections::kevy),
];

pub fn info(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let asked = &args[1..];
    let has = |word: &str| asked.iter().any(|asked| is_word(asked, word));
    let (everything, all) = (has("everything"), has("all"));
    let default = asked.is_empty() || has("default");
    let is_asked = |(name, part, _): &&(&str, Part, WriteSection)| {
        has(name)
            || match part {
                Part::Default => default || all || everything,
                Part::All => all || everything,
                Part::Modules => default || everything,
                Part::Named => false,
            }
    };
    let chosen: Vec<_> = SECTIONS.iter().filter(is_asked).collect();
    let figures = Figures::gather(ctx, has("keysizes"));
    let mut text = Text::default();
    for (_, _, write) in chosen {
        write(&mut text, &figures);
    }
    ctx.out.verbatim("txt", text.0.as_bytes());
    Ok(())
}
