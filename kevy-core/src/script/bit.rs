//! The `bit` library: operations on 32-bit numbers, as LuaBitOp 1.0 defines them.

use mlua::{Function, Lua, Result, Value};

use super::answer::{Answer, check_number, function};

/// The lowest 32 bits of a number, after it has been rounded: adding this moves them to the end of the mantissa.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

fn bits(args: &[Value], at: usize, name: &str) -> std::result::Result<u32, String> {
    let number = check_number(args, at, name)?;
    Ok((number + ROUNDING).to_bits() as u32)
}

fn signed(bits: u32) -> Answer {
    Ok(vec![Value::Number(f64::from(bits as i32))])
}

/// Every function of the library by its name.
pub fn functions(lua: &Lua) -> Result<Vec<(&'static str, Function)>> {
    let unary = |name: &'static str, run: fn(u32) -> u32| {
        function(lua, name, move |_, args| signed(run(bits(args, 0, name)?)))
    };
    let folding = |name: &'static str, run: fn(u32, u32) -> u32| {
        function(lua, name, move |_, args| {
            let mut all = bits(args, 0, name)?;
            for at in 1..args.len() {
                all = run(all, bits(args, at, name)?);
            }
            signed(all)
        })
    };
    let shifting = |name: &'static str, run: fn(u32, u32) -> u32| {
        function(lua, name, move |_, args| signed(run(bits(args, 0, name)?, bits(args, 1, name)? & 31)))
    };
    Ok(vec![
        unary("tobit", |bits| bits)?,
        unary("bnot", |bits| !bits)?,
        unary("bswap", u32::swap_bytes)?,
        folding("band", |a, b| a & b)?,
        folding("bor", |a, b| a | b)?,
        folding("bxor", |a, b| a ^ b)?,
        shifting("lshift", |bits, by| bits << by)?,
        shifting("rshift", |bits, by| bits >> by)?,
        shifting("arshift", |bits, by| (bits as i32 >> by) as u32)?,
        shifting("rol", u32::rotate_left)?,
        shifting("ror", u32::rotate_right)?,
        function(lua, "tohex", to_hex)?,
    ])
}

/// So many hexadecimal digits, in capitals where the number is negative.
fn to_hex(lua: &Lua, args: &[Value]) -> Answer {
    let value = bits(args, 0, "tohex")?;
    let count = if args.len() > 1 { bits(args, 1, "tohex")? as i32 } else { 8 };
    let digits = count.unsigned_abs().min(8) as usize;
    let text = if count < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    let text = text.get(8 - digits..).unwrap_or_default();
    let text = lua.create_string(text).map_err(|error| super::answer::broken(&error))?;
    Ok(vec![Value::String(text)])
}
