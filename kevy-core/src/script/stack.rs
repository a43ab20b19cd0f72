//! What every script does, on the stack of Lua itself: its arguments go in, it is called, and the replies of its commands
//! come back.
//!
//! mlua makes a protected call of each operation, which costs a script of one command several times what the script does.
//! Here the one around the script stands around all of them. Errors of Lua leave by `longjmp`, so no frame that they can
//! leave holds anything that is to be dropped; what must be dropped stays in functions that ask nothing of Lua that can
//! fail.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use mlua::{Function, LightUserData, Lua, MultiValue, Result, Table, Value, ffi};

use crate::resp::{Kind, Node, Protocol};

use super::caller::{Answer, Ask, Exchange, ask, last, last_place};
use super::number::{push_argument, to_reply_integer};

const NO_ARGUMENTS: &str = "Please specify at least one argument for this redis lib call";
const WRONG_ARGUMENTS: &str = "Lua redis lib command arguments must be strings or integers";

/// What a script or a function is called with.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub keys: &'a [&'a [u8]],
    pub arguments: &'a [&'a [u8]],
    /// It is a function of a library, which takes the lists as arguments.
    pub is_function: bool,
}

/// What runs scripts and functions: a function of Lua, since one that is called need not be made for every call.
#[derive(Debug)]
pub struct Runner(Function);

/// What the runner holds, by the number of the upvalue.
const GLOBALS: c_int = 1;
const EXPLAIN: c_int = 2;
const DOOR: c_int = 3;
const REDIS_OF_SCRIPTS: c_int = 4;
const REDIS_OF_FUNCTIONS: c_int = 5;
const REDIS: c_int = 6;
const KEYS: c_int = 7;
const ARGV: c_int = 8;
const INDEX: c_int = 9;

impl Runner {
    /// `doors` is what the sandbox gives.
    pub fn new(lua: &Lua, doors: &Table) -> Result<Self> {
        let text = |text: &str| lua.create_string(text).map(Value::String);
        let held: [Value; INDEX as usize] = [
            doors.raw_get("real")?,
            doors.raw_get("explain")?,
            doors.raw_get("door")?,
            doors.raw_get("redis_of_scripts")?,
            doors.raw_get("redis_of_functions")?,
            text("redis")?,
            text("KEYS")?,
            text("ARGV")?,
            text("__index")?,
        ];
        let held = MultiValue::from_iter(held);
        // SAFETY: the closure owns nothing; `run` finds the upvalues in this order.
        unsafe { lua.exec_raw(held, |state| ffi::lua_pushcclosure(state, run, INDEX)) }.map(Self)
    }

    /// Whether it succeeded, with its first result or the error as the sandbox explains it. Nothing where it succeeded and
    /// its result is written already, as the output of this thread's last question.
    pub fn run(&self, function: &Function, call: &Call<'_>) -> Result<(Option<bool>, Value)> {
        let place = LightUserData(std::ptr::from_ref(call).cast_mut().cast());
        self.0.call((function, place))
    }
}

/// # Safety
/// Called by Lua as the function of a [`Runner`], with a function and the place of a [`Call`].
unsafe extern "C-unwind" fn run(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: what the caller promises. Whoever calls lends the `Call` until this returns; it owns nothing, nor does this
    // frame. At most eight places are used of the twenty that a function has.
    unsafe {
        let call = *ffi::lua_touserdata(state, 2).cast::<Call<'_>>();
        ffi::lua_settop(state, 1);
        let (redis, given) = if call.is_function { (REDIS_OF_FUNCTIONS, 2) } else { (REDIS_OF_SCRIPTS, 0) };
        set(state, (GLOBALS, REDIS), |state| ffi::lua_pushvalue(state, ffi::lua_upvalueindex(redis)));
        if call.is_function {
            set(state, (DOOR, INDEX), |state| ffi::lua_pushvalue(state, ffi::lua_upvalueindex(GLOBALS)));
            push_list(state, call.keys);
            push_list(state, call.arguments);
        } else {
            set(state, (GLOBALS, KEYS), |state| push_list(state, call.keys));
            set(state, (GLOBALS, ARGV), |state| push_list(state, call.arguments));
        }
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(EXPLAIN));
        ffi::lua_insert(state, 1);
        let is_done = ffi::lua_pcall(state, given, 1, 1) == ffi::LUA_OK;
        if is_done && write_result(state) {
            return 0;
        }
        ffi::lua_pushboolean(state, is_done.into());
        ffi::lua_insert(state, -2);
    }
    2
}

/// Puts what `push` pushes into a table.
///
/// # Safety
/// `state` is one in which a [`Runner`] runs; the table and the name are upvalues of it. Leaves as `push` does, or where
/// memory ends.
unsafe fn set(
    state: *mut ffi::lua_State,
    (table, name): (c_int, c_int),
    push: impl FnOnce(*mut ffi::lua_State),
) {
    // SAFETY: what the caller promises.
    unsafe {
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(name));
        push(state);
        ffi::lua_rawset(state, ffi::lua_upvalueindex(table));
    }
}

/// Writes the value on top of the stack as a reply, where it is a string or a number. Raises nothing.
fn write_result(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the value stays on the stack. Strings are not converted, so nothing is allocated in Lua.
    unsafe {
        match ffi::lua_type(state, -1) {
            ffi::LUA_TSTRING => {
                let mut len = 0;
                let start = ffi::lua_tolstring(state, -1, &raw mut len);
                let bytes = slice::from_raw_parts(start.cast(), len);
                last(|exchange| exchange.reply().bulk(bytes));
            }
            ffi::LUA_TNUMBER => {
                let number = to_reply_integer(ffi::lua_tonumber(state, -1));
                last(|exchange| exchange.reply().integer(number));
            }
            _ => return false,
        }
    }
    true
}

/// A function that runs the command in its arguments and gives back its reply. What is no plain reply, an error above
/// all, is what `settle` returns or raises.
pub fn command(lua: &Lua, settle: &Function) -> Result<Function> {
    // SAFETY: the closure owns nothing, and `run_command` finds `settle` where it is put.
    unsafe { lua.exec_raw(settle, |state| ffi::lua_pushcclosure(state, run_command, 1)) }
}

/// # Safety
/// Called by Lua, as a closure over one function.
unsafe extern "C-unwind" fn run_command(state: *mut ffi::lua_State) -> c_int {
    ask_command(state);
    let last = last_place();
    // SAFETY: nothing is asked until the reply is pushed, so nobody changes it. The stack is this function's, and it
    // holds nothing.
    unsafe {
        if !push_reply(state, &*last) {
            ffi::lua_settop(state, 0);
            ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
            ffi::lua_call(state, 0, 1);
        }
    }
    1
}

/// Runs the command whose arguments are on the stack. Raises nothing.
fn ask_command(state: *mut ffi::lua_State) {
    let asked = catch_unwind(AssertUnwindSafe(|| {
        ask(|exchange| {
            exchange.begin(Ask::Call);
            // SAFETY: Lua calls with a live state, and looking at arguments cannot fail.
            unsafe { take_arguments(state, exchange) }
        });
    }));
    if let Err(panic) = asked {
        last(|exchange| exchange.answer = Answer::Panic(panic));
    }
}

/// # Safety
/// `state` is one that runs.
unsafe fn take_arguments(state: *mut ffi::lua_State, exchange: &mut Exchange) {
    // SAFETY: the places are those of arguments. A string is not converted and stays where it is, since it is on the
    // stack; nothing of this allocates in Lua.
    unsafe {
        let count = ffi::lua_gettop(state);
        if count == 0 {
            exchange.answer = Answer::Misused(NO_ARGUMENTS);
        }
        for at in 1..=count {
            match ffi::lua_type(state, at) {
                ffi::LUA_TSTRING => {
                    let mut len = 0;
                    let start = ffi::lua_tolstring(state, at, &raw mut len);
                    exchange.bytes.extend_from_slice(slice::from_raw_parts(start.cast(), len));
                }
                ffi::LUA_TNUMBER => push_argument(&mut exchange.bytes, ffi::lua_tonumber(state, at)),
                _ => {
                    exchange.answer = Answer::Misused(WRONG_ARGUMENTS);
                    return;
                }
            }
            exchange.ends.push(exchange.bytes.len());
        }
    }
}

/// Pushes the reply of a command; false where it is nothing plain.
///
/// # Safety
/// `state` is one that runs. Leaves by `longjmp` where memory or stack end.
unsafe fn push_reply(state: *mut ffi::lua_State, exchange: &Exchange) -> bool {
    if exchange.is_ending || !matches!(exchange.answer, Answer::Given) || !exchange.is_read {
        return false;
    }
    let out = &exchange.out;
    // SAFETY: what the caller promises.
    unsafe { push_node(state, exchange.tree.root(&out.buf), out.protocol == Protocol::Resp3) }
}

/// # Safety
/// As of `push_reply`.
unsafe fn push_node(state: *mut ffi::lua_State, node: Node<'_>, resp3: bool) -> bool {
    // SAFETY: each branch uses at most three places, which an array makes sure of for its elements; nodes own nothing.
    unsafe {
        match node.kind() {
            Kind::Integer => ffi::lua_pushnumber(state, node.integer() as f64),
            Kind::Bulk => push_string(state, node.bytes()),
            Kind::Simple => {
                ffi::lua_createtable(state, 0, 1);
                push_string(state, b"ok");
                push_string(state, node.bytes());
                ffi::lua_rawset(state, -3);
            }
            Kind::Null if resp3 => ffi::lua_pushnil(state),
            // RESP2 has no null of its own, and a script that speaks it gets false.
            Kind::Null => ffi::lua_pushboolean(state, 0),
            Kind::Boolean => ffi::lua_pushboolean(state, node.boolean().into()),
            Kind::Array => {
                ffi::luaL_checkstack(state, 4, c"too deep a reply".as_ptr());
                ffi::lua_createtable(state, c_int::try_from(node.len()).unwrap_or(c_int::MAX), 0);
                for (at, child) in node.children().enumerate() {
                    if !push_node(state, child, resp3) {
                        return false;
                    }
                    ffi::lua_rawseti(state, -2, at as ffi::lua_Integer + 1);
                }
            }
            _ => return false,
        }
    }
    true
}

/// # Safety
/// `state` is one that runs and has a free place. Leaves by `longjmp` where memory ends.
unsafe fn push_string(state: *mut ffi::lua_State, bytes: &[u8]) {
    // SAFETY: Lua copies the bytes.
    unsafe {
        ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
    }
}

/// # Safety
/// `state` is one that runs and has two free places. Leaves by `longjmp` where memory ends.
unsafe fn push_list(state: *mut ffi::lua_State, items: &[&[u8]]) {
    // SAFETY: what the caller promises.
    unsafe {
        ffi::lua_createtable(state, c_int::try_from(items.len()).unwrap_or(c_int::MAX), 0);
        for (at, item) in items.iter().enumerate() {
            push_string(state, item);
            ffi::lua_rawseti(state, -2, at as ffi::lua_Integer + 1);
        }
    }
}
