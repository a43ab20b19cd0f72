//! LOLWUT: a picture, and the version below it.

use crate::base::number::parse_i64;
use crate::command::arguments::is_word;
use crate::command::version::{KEVY_VERSION, REDIS_VERSION};
use crate::command::{Context, Fail, Outcome};

/// Cells of the picture: a rule of Wolfram's, run from a random line.
const WIDTH: usize = 66;
const HEIGHT: usize = 20;
/// Rules that draw something worth seeing.
const RULES: [u8; 6] = [30, 45, 73, 90, 110, 150];

/// `LOLWUT [VERSION version [argument …]]`: every version has the same picture here.
pub fn lolwut(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    if let [_, word, version, ..] = args
        && is_word(word, "VERSION")
        && parse_i64(version).is_none()
    {
        return Err(Fail::NOT_INTEGER);
    }
    let mut seed = ctx.server.clock.now_us() | 1;
    let mut text = String::new();
    let mut next = || {
        // Marsaglia's xorshift; a picture needs nothing better.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let rule = RULES[(next() % RULES.len() as u64) as usize];
    let mut line: Vec<bool> = (0..WIDTH).map(|_| next() % 3 == 0).collect();
    for _ in 0..HEIGHT {
        text.extend(line.iter().map(|cell| if *cell { '#' } else { ' ' }));
        text.push('\n');
        let cell = |at: usize| u8::from(line[at % WIDTH]);
        line = (0..WIDTH)
            .map(|at| rule >> (cell(at + WIDTH - 1) << 2 | cell(at) << 1 | cell(at + 1)) & 1 == 1)
            .collect();
    }
    text.push_str(&format!("\nRedis ver. {REDIS_VERSION} as spoken by kevy {KEVY_VERSION}\n"));
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}
