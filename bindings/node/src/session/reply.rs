//! Replies on their way to JavaScript.

use kevy_core::api::{ErrorKind, Kind, Reply};

use super::js::{Js, Value};
use super::state::{Fail, State};

/// What strings of a reply become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Strings; maps become objects.
    Text,
    /// Buffers; maps become objects whose names are strings.
    Values,
    /// Buffers; maps become `Map`s whose keys are Buffers too.
    Bytes,
}

impl Mode {
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Text,
            1 => Self::Values,
            _ => Self::Bytes,
        }
    }
}

/// Elements that are made before their handles are let go of.
const SCOPED: usize = 256;

/// The value of a whole reply. An error reply is a failure; a small Buffer is left in the pool.
#[inline]
pub fn whole(state: &State, js: Js, reply: Reply<'_>, mode: Mode) -> Result<Value, Fail> {
    let reply = reply.without_attributes();
    match reply.kind() {
        Kind::Bulk if mode != Mode::Text => state.buffer_or_pooled(js, reply.bytes()),
        Kind::Error => Err(refused(reply)),
        _ => part(state, js, reply, mode),
    }
}

/// The values of several replies, each in its own mode.
pub fn each(
    state: &State,
    js: Js,
    replies: Reply<'_>,
    mut modes: impl Iterator<Item = Mode>,
) -> Result<Value, Fail> {
    let array = js.array(replies.len())?;
    in_slices(js, replies.len(), |at| {
        let (Some(reply), Some(mode)) = (replies.at(at), modes.next()) else { return Ok(()) };
        Ok(js.set_element(array, at as u32, part(state, js, reply, mode)?)?)
    })?;
    Ok(array)
}

/// The failure that an error reply is.
#[cold]
pub fn refused(reply: Reply<'_>) -> Fail {
    let text = String::from_utf8_lossy(reply.bytes());
    Fail::Kevy(kevy_core::api::Error::new(ErrorKind::of_reply(&text), text))
}

/// The value of a part of a reply. An error becomes an error object.
pub fn part(state: &State, js: Js, reply: Reply<'_>, mode: Mode) -> Result<Value, Fail> {
    let reply = reply.without_attributes();
    Ok(match reply.kind() {
        Kind::Bulk if mode != Mode::Text => state.buffer(js, reply.bytes())?,
        Kind::Bulk | Kind::Simple | Kind::Verbatim => js.string(reply.bytes())?,
        Kind::Integer => js.integer(reply.integer())?,
        // An attribute always has the reply it describes, so none is left here.
        Kind::Null | Kind::Attribute => js.null()?,
        Kind::Double => js.double(reply.double())?,
        Kind::Boolean => js.boolean(reply.boolean())?,
        Kind::BigNumber => js.call(js.global(c"BigInt")?, &[js.string(reply.bytes())?])?,
        Kind::Error => {
            let kind = ErrorKind::of_reply(&String::from_utf8_lossy(reply.bytes()));
            state.error(js, kind, reply.bytes())?
        }
        Kind::Array | Kind::Set | Kind::Push => list(state, js, reply, mode)?,
        Kind::Map if mode == Mode::Bytes => {
            let pairs = js.array(reply.len() / 2)?;
            in_slices(js, reply.len() / 2, |i| {
                let pair = js.array(2)?;
                for side in 0..2 {
                    let value = reply.at(2 * i + side).map(|child| part(state, js, child, mode));
                    js.set_element(pair, side as u32, value.unwrap_or(Err(Fail::Refused))?)?;
                }
                Ok(js.set_element(pairs, i as u32, pair)?)
            })?;
            js.construct(js.global(c"Map")?, &[pairs])?
        }
        Kind::Map => {
            let object = js.object()?;
            in_slices(js, reply.len() / 2, |i| {
                let (Some(name), Some(value)) = (reply.at(2 * i), reply.at(2 * i + 1)) else { return Ok(()) };
                let name = js.string(name.without_attributes().bytes())?;
                Ok(js.set_property(object, name, part(state, js, value, mode)?)?)
            })?;
            object
        }
    })
}

fn list(state: &State, js: Js, reply: Reply<'_>, mode: Mode) -> Result<Value, Fail> {
    let array = js.array(reply.len())?;
    in_slices(js, reply.len(), |i| {
        let Some(child) = reply.at(i) else { return Ok(()) };
        Ok(js.set_element(array, i as u32, part(state, js, child, mode)?)?)
    })?;
    Ok(array)
}

/// Runs `each` for every number below `count`, and lets go of handles from time to time.
fn in_slices(js: Js, count: usize, mut each: impl FnMut(usize) -> Result<(), Fail>) -> Result<(), Fail> {
    for start in (0..count).step_by(SCOPED) {
        js.scoped(|| (start..count.min(start + SCOPED)).try_for_each(&mut each))?;
    }
    Ok(())
}
