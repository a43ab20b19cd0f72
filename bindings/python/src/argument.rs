//! Python values as the arguments of a command.
//!
//! Byte strings and text are borrowed from their objects, which a [`Call`] keeps alive; everything else is
//! formatted into the call itself.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDateTime, PyDelta, PyDict, PyFloat, PyInt, PyMemoryView, PyString,
    PyTuple,
};
use smallvec::SmallVec;

/// The arguments of one command as the engine takes them.
pub type Argv<'a> = SmallVec<[&'a [u8]; 8]>;

/// One argument.
#[derive(Debug)]
enum Part<'py> {
    Word(&'static str),
    Bytes(Bound<'py, PyBytes>),
    /// Its UTF-8 form is known to exist.
    Text(Bound<'py, PyString>),
    Number(SmallVec<[u8; 24]>),
}

impl Part<'_> {
    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Word(word) => word.as_bytes(),
            Self::Bytes(bytes) => bytes.as_bytes(),
            Self::Text(text) => text.to_str().map_or(b"", str::as_bytes),
            Self::Number(digits) => digits,
        }
    }
}

/// A command under construction. The first argument that cannot be encoded is kept as the error of the call.
#[derive(Debug)]
pub struct Call<'py> {
    parts: SmallVec<[Part<'py>; 8]>,
    error: Option<PyErr>,
}

impl<'py> Call<'py> {
    /// A call of `verb`.
    pub fn new(verb: &'static str) -> Self {
        let mut call = Self { parts: SmallVec::new(), error: None };
        call.word(verb);
        call
    }

    /// A call of a verb and its subcommand.
    pub fn sub(verb: &'static str, subcommand: &'static str) -> Self {
        let mut call = Self::new(verb);
        call.word(subcommand);
        call
    }

    /// A call made of Python values only; the first is the verb.
    pub fn of(args: &Bound<'py, PyAny>) -> PyResult<Self> {
        let mut call = Self { parts: SmallVec::new(), error: None };
        call.args(args).finish()?;
        Ok(call)
    }

    /// Adds a keyword.
    pub fn word(&mut self, word: &'static str) -> &mut Self {
        self.parts.push(Part::Word(word));
        self
    }

    /// Adds a keyword where `on`.
    pub fn flag(&mut self, word: &'static str, on: bool) -> &mut Self {
        if on { self.word(word) } else { self }
    }

    /// Adds a value.
    pub fn arg(&mut self, value: &Bound<'py, PyAny>) -> &mut Self {
        match encode(value) {
            Ok(part) => self.parts.push(part),
            Err(error) => self.fail(error),
        }
        self
    }

    /// Adds a number.
    pub fn integer(&mut self, value: i64) -> &mut Self {
        self.parts.push(number(value));
        self
    }

    /// Adds every item of an iterable.
    pub fn args(&mut self, values: &Bound<'py, PyAny>) -> &mut Self {
        let mut add = || -> PyResult<()> {
            for value in values.try_iter()? {
                self.parts.push(encode(&value?)?);
            }
            Ok(())
        };
        if let Err(error) = add() {
            self.fail(error);
        }
        self
    }

    /// Adds one key or an iterable of keys, as redis-py takes them where several can be given.
    pub fn keys(&mut self, keys: &Bound<'py, PyAny>) -> &mut Self {
        if is_one_value(keys) { self.arg(keys) } else { self.args(keys) }
    }

    /// Adds the keys and values of a mapping in turn.
    pub fn pairs(&mut self, mapping: &Bound<'py, PyAny>) -> &mut Self {
        let mut add = || -> PyResult<()> {
            for pair in mapping.call_method0("items")?.try_iter()? {
                let (key, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?.extract()?;
                self.parts.push(encode(&key)?);
                self.parts.push(encode(&value)?);
            }
            Ok(())
        };
        if let Err(error) = add() {
            self.fail(error);
        }
        self
    }

    /// Adds the values and keys of a mapping of members to scores.
    pub fn scores(&mut self, mapping: &Bound<'py, PyAny>) -> &mut Self {
        let first = self.parts.len();
        self.pairs(mapping);
        self.parts[first..].chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        self
    }

    /// Adds FIELDS, their number, and the fields.
    pub fn fields(&mut self, fields: &Bound<'py, PyTuple>) -> &mut Self {
        self.word("FIELDS").integer(fields.len() as i64).args(fields)
    }

    /// Adds the verb of `pairs`, the number of pairs behind it, and the pairs.
    pub fn counted(&mut self, pairs: &mut Self) -> &mut Self {
        if let Some(error) = pairs.error.take() {
            self.fail(error);
        }
        let mut parts = std::mem::take(&mut pairs.parts).into_iter();
        self.parts.extend(parts.next());
        self.integer(parts.len() as i64 / 2);
        self.parts.extend(parts);
        self
    }

    /// Adds how many values there are, and the values.
    pub fn numbered(&mut self, values: &Bound<'py, PyAny>) -> &mut Self {
        let at = self.parts.len();
        self.integer(0).args(values);
        self.parts[at] = number((self.parts.len() - at - 1) as i64);
        self
    }

    /// Adds how many keys there are, the keys, and WEIGHTS where they are the keys of a mapping.
    pub fn weighted(&mut self, keys: &Bound<'py, PyAny>) -> &mut Self {
        self.numbered(keys);
        match keys.cast::<PyDict>() {
            Ok(weights) => self.word("WEIGHTS").args(weights.values().as_any()),
            Err(_) => self,
        }
    }

    /// Adds `word` in front of a value, or of each of an iterable of values.
    pub fn each(&mut self, word: &'static str, values: Option<&Bound<'py, PyAny>>) -> &mut Self {
        let Some(values) = values else { return self };
        if is_one_value(values) {
            return self.word(word).arg(values);
        }
        let items: PyResult<Vec<_>> = values.try_iter().and_then(Iterator::collect);
        match items {
            Ok(items) => items.iter().fold(self, |call, value| call.word(word).arg(value)),
            Err(error) => self.refuse(error),
        }
    }

    /// Adds LIMIT, an offset and a number, which are given together.
    pub fn limit(
        &mut self,
        offset: Option<&Bound<'py, PyAny>>,
        number: Option<&Bound<'py, PyAny>>,
        names: &str,
    ) -> &mut Self {
        match (offset, number) {
            (None, None) => self,
            (Some(offset), Some(number)) => self.word("LIMIT").arg(offset).arg(number),
            _ => self.refuse(PyValueError::new_err(format!("{names} are given together"))),
        }
    }

    /// Adds a value where there is one.
    pub fn maybe(&mut self, value: Option<&Bound<'py, PyAny>>) -> &mut Self {
        match value {
            Some(value) => self.arg(value),
            None => self,
        }
    }

    /// Adds a value, or a word where there is none.
    pub fn either(&mut self, value: Option<&Bound<'py, PyAny>>, word: &'static str) -> &mut Self {
        match value {
            Some(value) => self.arg(value),
            None => self.word(word),
        }
    }

    fn refuse(&mut self, error: PyErr) -> &mut Self {
        self.fail(error);
        self
    }

    /// Adds `word` and a value where there is one.
    pub fn option(&mut self, word: &'static str, value: Option<&Bound<'py, PyAny>>) -> &mut Self {
        match value {
            Some(value) => self.word(word).arg(value),
            None => self,
        }
    }

    /// Adds a length of time: a number, or a timedelta counted in units of `per_second` to a second.
    pub fn span(&mut self, value: &Bound<'py, PyAny>, per_second: f64) -> &mut Self {
        match value.cast::<PyDelta>() {
            Ok(delta) => self.seconds_of(delta, "total_seconds", per_second),
            Err(_) => self.arg(value),
        }
    }

    /// Adds a point in time: a number, or a datetime as time since 1970 in units of `per_second` to a second.
    pub fn moment(&mut self, value: &Bound<'py, PyAny>, per_second: f64) -> &mut Self {
        match value.cast::<PyDateTime>() {
            Ok(moment) => self.seconds_of(moment, "timestamp", per_second),
            Err(_) => self.arg(value),
        }
    }

    fn seconds_of(&mut self, value: &Bound<'py, PyAny>, method: &str, per_second: f64) -> &mut Self {
        match value.call_method0(method).and_then(|seconds| seconds.extract::<f64>()) {
            Ok(seconds) => self.integer((seconds * per_second) as i64),
            Err(error) => self.refuse(error),
        }
    }

    /// Adds the first of EX, PX, EXAT and PXAT that is given.
    pub fn expiry(&mut self, times: &Expiry<'_, 'py>) -> &mut Self {
        if let Some(ex) = times.ex {
            self.word("EX").span(ex, 1.0);
        }
        if let Some(px) = times.px {
            self.word("PX").span(px, 1000.0);
        }
        if let Some(exat) = times.exat {
            self.word("EXAT").moment(exat, 1.0);
        }
        if let Some(pxat) = times.pxat {
            self.word("PXAT").moment(pxat, 1000.0);
        }
        self
    }

    /// Makes `error` the outcome of the call, unless an earlier argument failed.
    pub fn fail(&mut self, error: PyErr) {
        self.error.get_or_insert(error);
    }

    /// How many arguments there are, the verb among them.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// The finished call, or the first argument's error.
    #[inline]
    pub fn finish(&mut self) -> PyResult<&Self> {
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// The arguments.
    #[inline]
    pub fn argv(&self) -> Argv<'_> {
        self.parts.iter().map(Part::as_bytes).collect()
    }
}

/// The ways to say when something expires; at most one is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expiry<'a, 'py> {
    pub ex: Option<&'a Bound<'py, PyAny>>,
    pub px: Option<&'a Bound<'py, PyAny>>,
    pub exat: Option<&'a Bound<'py, PyAny>>,
    pub pxat: Option<&'a Bound<'py, PyAny>>,
}

impl Expiry<'_, '_> {
    /// True where no time is given.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.ex.is_none() && self.px.is_none() && self.exat.is_none() && self.pxat.is_none()
    }
}

fn is_one_value(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyFloat>()
        || value.is_instance_of::<PyByteArray>()
        || value.is_instance_of::<PyMemoryView>()
}

fn number<'py>(value: i64) -> Part<'py> {
    Part::Number(SmallVec::from_slice(itoa::Buffer::new().format(value).as_bytes()))
}

#[inline]
fn encode<'py>(value: &Bound<'py, PyAny>) -> PyResult<Part<'py>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Part::Bytes(bytes.clone()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        text.to_str()?;
        return Ok(Part::Text(text.clone()));
    }
    encode_other(value)
}

fn encode_other<'py>(value: &Bound<'py, PyAny>) -> PyResult<Part<'py>> {
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        if let Ok(small) = value.extract::<i64>() {
            return Ok(number(small));
        }
        return Ok(Part::Number(SmallVec::from_slice(value.str()?.to_str()?.as_bytes())));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Part::Number(SmallVec::from_slice(value.repr()?.to_str()?.as_bytes())));
    }
    if value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>() {
        // Others may change these while the command runs, so it takes a copy.
        let copy = value.py().get_type::<PyBytes>().call1((value,))?;
        return Ok(Part::Bytes(copy.cast_into()?));
    }
    Err(PyTypeError::new_err(format!(
        "a command takes bytes, str, int, float, bytearray and memoryview, not {}",
        value.get_type().name()?
    )))
}
