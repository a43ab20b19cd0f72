//! Node-API with Rust's types: each function does one call and nothing else.
//!
//! A [`Js`] is made at the entry of a callback and dies with it, so every [`Value`] it meets is alive.

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use napi::sys;

pub use sys::napi_value as Value;

/// The JavaScript side of a callback.
#[derive(Clone, Copy, Debug)]
pub struct Js(sys::napi_env);

/// A call failed; where JavaScript threw, its exception is pending.
#[derive(Clone, Copy, Debug)]
pub struct Refused;

pub type Result<T, E = Refused> = std::result::Result<T, E>;

#[inline(always)]
fn check(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Refused) }
}

/// Calls one function of Node-API that gives a value.
macro_rules! made {
    ($name:ident($env:expr $(, $arg:expr)*)) => {{
        let mut value = null_mut();
        // SAFETY: the environment and every value are alive during the callback, and `value` takes the result.
        check(unsafe { sys::$name($env $(, $arg)*, &mut value) })?;
        Ok(value)
    }};
}

/// A value that JavaScript must keep while native code may use it.
#[derive(Debug)]
pub struct Kept(sys::napi_ref);

impl Js {
    /// # Safety
    /// `env` belongs to the callback or initialisation under way, and the result does not outlive it.
    #[inline(always)]
    pub unsafe fn new(env: sys::napi_env) -> Self {
        Self(env)
    }

    /// The environment, for napi-rs.
    pub fn env(self) -> sys::napi_env {
        self.0
    }

    #[inline(always)]
    pub fn null(self) -> Result<Value> {
        made!(napi_get_null(self.0))
    }

    #[inline(always)]
    pub fn undefined(self) -> Result<Value> {
        made!(napi_get_undefined(self.0))
    }

    #[inline(always)]
    pub fn boolean(self, value: bool) -> Result<Value> {
        made!(napi_get_boolean(self.0, value))
    }

    /// A string: bytes that are not UTF-8 become U+FFFD.
    #[inline(always)]
    pub fn string(self, bytes: &[u8]) -> Result<Value> {
        let (text, len) = (bytes.as_ptr().cast::<c_char>(), bytes.len() as isize);
        if bytes.is_ascii() {
            made!(napi_create_string_latin1(self.0, text, len))
        } else {
            made!(napi_create_string_utf8(self.0, text, len))
        }
    }

    /// A number, or a BigInt where a number would not be exact.
    #[inline(always)]
    pub fn integer(self, value: i64) -> Result<Value> {
        const SAFE_MAX: u64 = (1 << 53) - 1;
        if let Ok(small) = i32::try_from(value) {
            made!(napi_create_int32(self.0, small))
        } else if value.unsigned_abs() <= SAFE_MAX {
            made!(napi_create_int64(self.0, value))
        } else {
            made!(napi_create_bigint_int64(self.0, value))
        }
    }

    pub fn double(self, value: f64) -> Result<Value> {
        made!(napi_create_double(self.0, value))
    }

    pub fn array(self, len: usize) -> Result<Value> {
        made!(napi_create_array_with_length(self.0, len))
    }

    pub fn object(self) -> Result<Value> {
        made!(napi_create_object(self.0))
    }

    /// A Buffer with a copy of `bytes`.
    pub fn buffer_copy(self, bytes: &[u8]) -> Result<Value> {
        made!(napi_create_buffer_copy(self.0, bytes.len(), bytes.as_ptr().cast(), null_mut()))
    }

    /// A Buffer over memory that Rust allocated and the collector gives back to Rust.
    pub fn buffer_external(self, bytes: Vec<u8>) -> Result<Value> {
        /// Frees the memory of such a Buffer.
        extern "C" fn free(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
            // SAFETY: `hint` is the box that was leaked below, and this runs once.
            drop(unsafe { Box::from_raw(hint.cast::<Vec<u8>>()) });
        }
        let owner = Box::into_raw(Box::new(bytes));
        let mut value = null_mut();
        // SAFETY: the vector lives until `free` runs and nothing else uses it.
        let status = unsafe {
            let (data, len) = ((*owner).as_mut_ptr().cast(), (*owner).len());
            sys::napi_create_external_buffer(self.0, len, data, Some(free), owner.cast(), &mut value)
        };
        if status == sys::Status::napi_ok {
            return Ok(value);
        }
        // SAFETY: without success Node took nothing over. Some hosts (Electron) allow no external memory.
        let bytes = unsafe { Box::from_raw(owner) };
        self.buffer_copy(&bytes)
    }

    pub fn set_element(self, array: Value, index: u32, value: Value) -> Result<()> {
        // SAFETY: the environment and both values are alive during the callback.
        check(unsafe { sys::napi_set_element(self.0, array, index, value) })
    }

    pub fn element(self, array: Value, index: u32) -> Result<Value> {
        made!(napi_get_element(self.0, array, index))
    }

    pub fn array_len(self, array: Value) -> Result<u32> {
        let mut len = 0;
        // SAFETY: the environment and the value are alive during the callback, and `len` takes the result.
        check(unsafe { sys::napi_get_array_length(self.0, array, &mut len) })?;
        Ok(len)
    }

    /// Sets an own property, also one that has a setter on the prototype, such as `__proto__`.
    pub fn set_property(self, object: Value, name: Value, value: Value) -> Result<()> {
        let property = sys::napi_property_descriptor {
            utf8name: null(),
            name,
            method: None,
            getter: None,
            setter: None,
            value,
            attributes: sys::PropertyAttributes::writable
                | sys::PropertyAttributes::enumerable
                | sys::PropertyAttributes::configurable,
            data: null_mut(),
        };
        // SAFETY: the environment and the values are alive during the callback, and the descriptor is read at once.
        check(unsafe { sys::napi_define_properties(self.0, object, 1, &property) })
    }

    /// Appends a string's UTF-8 to `into`. `None` where the value is no string.
    #[inline(always)]
    pub fn append_string(self, value: Value, into: &mut Vec<u8>) -> Option<()> {
        /// With three times its length free, a string is written without a look at the room left.
        const ROOM: usize = 1024;
        let start = into.len();
        into.reserve(ROOM);
        let mut room = into.capacity() - start;
        let mut len = 0;
        // SAFETY: `room` bytes from `start` on are allocated, and Node writes at most so many.
        let status = unsafe {
            let at = into.as_mut_ptr().add(start).cast();
            sys::napi_get_value_string_utf8(self.0, value, at, room, &mut len)
        };
        check(status).ok()?;
        // A character has at most four bytes and is not cut, and a NUL follows the last.
        if len + 5 > room {
            // SAFETY: without a buffer Node only counts.
            let status = unsafe { sys::napi_get_value_string_utf8(self.0, value, null_mut(), 0, &mut len) };
            check(status).ok()?;
            into.reserve(len + 1);
            room = into.capacity() - start;
            // SAFETY: as above.
            let status = unsafe {
                let at = into.as_mut_ptr().add(start).cast();
                sys::napi_get_value_string_utf8(self.0, value, at, room, &mut len)
            };
            check(status).ok()?;
        }
        // SAFETY: Node has written `len` bytes from `start` on.
        unsafe { into.set_len(start + len) };
        Some(())
    }

    /// The memory of a Buffer, typed array or DataView. `None` where the value is none of them.
    #[inline]
    pub fn memory(self, value: Value) -> Option<(*mut u8, usize)> {
        let (mut is, mut data, mut len) = (false, null_mut(), 0);
        // SAFETY: the environment and the value are alive during the callback.
        check(unsafe { sys::napi_is_buffer(self.0, value, &mut is) }).ok()?;
        if !is {
            return None;
        }
        // SAFETY: as above; the value is a view of an array buffer, as the function asks.
        check(unsafe { sys::napi_get_buffer_info(self.0, value, &mut data, &mut len) }).ok()?;
        Some((data.cast(), len))
    }

    /// The numbers of a Uint32Array, copied. `None` where the value is none.
    pub fn numbers(self, value: Value) -> Option<Vec<u32>> {
        let (data, len) = self.memory(value)?;
        let mut numbers = vec![0u32; len / size_of::<u32>()];
        if !numbers.is_empty() {
            // SAFETY: the memory has `len` bytes, the vector as many or up to three fewer, and they do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(data, numbers.as_mut_ptr().cast(), numbers.len() * 4) };
        }
        Some(numbers)
    }

    pub fn is_array(self, value: Value) -> bool {
        let mut is = false;
        // SAFETY: the environment and the value are alive during the callback, and `is` takes the result.
        check(unsafe { sys::napi_is_array(self.0, value, &mut is) }).is_ok() && is
    }

    /// The text of a number or BigInt. `None` where the value is neither.
    pub fn number_text(self, value: Value) -> Option<Value> {
        let mut kind = 0;
        // SAFETY: the environment and the value are alive during the callback.
        check(unsafe { sys::napi_typeof(self.0, value, &mut kind) }).ok()?;
        if kind != sys::ValueType::napi_number && kind != sys::ValueType::napi_bigint {
            return None;
        }
        let mut text = null_mut();
        // SAFETY: as above; making text of a number runs no code of the program.
        check(unsafe { sys::napi_coerce_to_string(self.0, value, &mut text) }).ok()?;
        Some(text)
    }

    pub fn number(self, value: Value) -> Option<f64> {
        let mut number = 0.0;
        // SAFETY: the environment and the value are alive during the callback.
        check(unsafe { sys::napi_get_value_double(self.0, value, &mut number) }).ok()?;
        Some(number)
    }

    pub fn global(self, name: &std::ffi::CStr) -> Result<Value> {
        let global: Result<Value> = made!(napi_get_global(self.0));
        made!(napi_get_named_property(self.0, global?, name.as_ptr()))
    }

    pub fn call(self, function: Value, args: &[Value]) -> Result<Value> {
        let this = self.undefined()?;
        made!(napi_call_function(self.0, this, function, args.len(), args.as_ptr()))
    }

    pub fn construct(self, class: Value, args: &[Value]) -> Result<Value> {
        made!(napi_new_instance(self.0, class, args.len(), args.as_ptr()))
    }

    pub fn throw(self, error: Value) {
        // SAFETY: the environment and the value are alive. Where it fails another exception is pending already.
        unsafe { sys::napi_throw(self.0, error) };
    }

    pub fn throw_type_error(self, code: &std::ffi::CStr, message: &str) {
        // A message of ours holds no NUL; without one the text is empty.
        let message = std::ffi::CString::new(message).unwrap_or_default();
        // SAFETY: both texts end with a NUL and are copied.
        unsafe { sys::napi_throw_type_error(self.0, code.as_ptr(), message.as_ptr()) };
    }

    /// Keeps a value alive until [`Js::release`].
    pub fn keep(self, value: Value) -> Result<Kept> {
        let mut kept = null_mut();
        // SAFETY: the environment and the value are alive during the callback, and `kept` takes the result.
        check(unsafe { sys::napi_create_reference(self.0, value, 1, &mut kept) })?;
        Ok(Kept(kept))
    }

    #[inline]
    pub fn kept(self, kept: &Kept) -> Result<Value> {
        made!(napi_get_reference_value(self.0, kept.0))
    }

    pub fn release(self, kept: Kept) {
        // SAFETY: the reference is alive, and goes with this call.
        unsafe { sys::napi_delete_reference(self.0, kept.0) };
    }

    /// Runs `work` and forgets the values it made.
    pub fn scoped<T, E: From<Refused>>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut scope = null_mut();
        // SAFETY: the environment is alive, and the scope is closed before anything outside it.
        check(unsafe { sys::napi_open_handle_scope(self.0, &mut scope) })?;
        let done = work();
        // SAFETY: as above.
        unsafe { sys::napi_close_handle_scope(self.0, scope) };
        done
    }

    /// A function that owns `data` and lends it to `callback` at each call.
    pub fn function<T>(self, name: &str, callback: sys::napi_callback, data: Box<T>) -> Result<Value> {
        /// Drops what a function that was collected owned.
        extern "C" fn free<T>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
            // SAFETY: `data` is the box that was leaked below, and this runs once.
            drop(unsafe { Box::from_raw(data.cast::<T>()) });
        }
        let data = Box::into_raw(data);
        let mut function = null_mut();
        // SAFETY: the environment is alive, the name is copied, and the data lives as long as the function.
        let status = unsafe {
            let (name, len) = (name.as_ptr().cast(), name.len() as isize);
            let made = sys::napi_create_function(self.0, name, len, callback, data.cast(), &mut function);
            if made == sys::Status::napi_ok {
                sys::napi_add_finalizer(
                    self.0,
                    function,
                    data.cast(),
                    Some(free::<T>),
                    null_mut(),
                    null_mut(),
                )
            } else {
                made
            }
        };
        check(status).inspect_err(|_| {
            // SAFETY: no finalizer was registered, and the function, where there is one, was not handed out.
            drop(unsafe { Box::from_raw(data) });
        })?;
        Ok(function)
    }
}
