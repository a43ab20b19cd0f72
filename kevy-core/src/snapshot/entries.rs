//! Reading an RDB stream as it arrives, as the commands that rebuild its keys.

use crate::base::{Argv, Error, ErrorKind, Result, log_sink};
use crate::store::rdb::{self, Module, RdbError, Reader};
use crate::store::vector_set::Form;
use crate::store::{Limits, Seed, Value};

use super::load::{skip_module_aux, skip_module_parts};
use super::opcode::{
    AUX, AUX_SHARD, AUX_STREAM_DB, EOF, EXPIRE_MS, EXPIRE_SECONDS, FREQUENCY, FUNCTION, IDLE, MODULE_AUX,
    RESIZE, SELECT, SLOT_INFO,
};
use super::rebuild::Rebuild;
use super::stream::StreamParts;
use super::version::{Dialect, read_magic};
use super::write::Checksum;

/// What [`Entries::next`] came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// [`Entries::argv`] is the next command.
    Argv,
    /// More bytes are needed.
    Input,
    /// The stream has ended and its checksum was right.
    End,
}

#[derive(Debug)]
enum State {
    Magic,
    Between,
    /// Inside a collection that is read part by part.
    Parts {
        left: u64,
        form: Part,
    },
    /// Inside a stream.
    Stream(Box<StreamParts>),
    Checksum,
    End,
}

/// What the parts of a collection are.
#[derive(Clone, Copy, Debug)]
enum Part {
    Fields(FieldExpiry),
    /// Of a list of this RDB type.
    Elements(u8),
    /// Members of a sorted set, and how the score behind each is read.
    Scored(fn(&mut Reader<'_>) -> std::result::Result<f64, RdbError>),
    Members,
    /// Elements of a vector set of this form.
    Vectors(Form),
}

/// How the expiry of a field is written before it.
#[derive(Clone, Copy, Debug)]
enum FieldExpiry {
    None,
    Absolute,
    /// Counted from this one, plus 1; 0 for none.
    After(u64),
}

impl FieldExpiry {
    fn read(self, reader: &mut Reader<'_>) -> std::result::Result<Option<u64>, RdbError> {
        Ok(match self {
            Self::None => None,
            Self::Absolute => Some(reader.length()?).filter(|at| *at > 0),
            Self::After(first) => match reader.length()? {
                0 => None,
                after => Some(first.checked_add(after - 1).ok_or(RdbError::Malformed)?),
            },
        })
    }
}

/// An RDB stream that is being read. It holds the bytes of one value, or of one field of a large hash.
#[derive(Debug)]
pub struct Entries {
    bytes: Vec<u8>,
    at: usize,
    /// Bytes of the buffer that the checksum has taken in.
    summed: usize,
    checksum: Checksum,
    state: State,
    dialect: Dialect,
    db: usize,
    shard: usize,
    expire_at: Option<u64>,
    key: Vec<u8>,
    rebuild: Rebuild,
    string_max: usize,
    seed: Seed,
    stream_db: Option<u32>,
    /// The bytes are those of one entry, and nothing may follow it.
    is_single: bool,
    /// Values and other things of modules that were passed over.
    pub skipped: u64,
}

impl Entries {
    /// Nothing has arrived; strings of more than `string_max` bytes will be refused.
    pub fn new(string_max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            summed: 0,
            checksum: Checksum::default(),
            state: State::Magic,
            dialect: Dialect::Redis(rdb::VERSION_MAX),
            db: 0,
            shard: 0,
            expire_at: None,
            key: Vec::new(),
            rebuild: Rebuild::default(),
            string_max,
            seed: Seed::new(0),
            stream_db: None,
            is_single: false,
            skipped: 0,
        }
    }

    /// The next bytes of the stream, once [`Entries::next`] asks for them.
    ///
    /// # Errors
    /// Where the stream has ended, and where a value is longer than it may be.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if matches!(self.state, State::End) {
            return Err(corrupt("bytes follow its end"));
        }
        self.checksum.update(&self.bytes[self.summed..self.at]);
        self.bytes.drain(..self.at);
        (self.at, self.summed) = (0, 0);
        self.bytes.extend_from_slice(bytes);
        // A key and a value, their lengths, and what comes with the last piece.
        if self.bytes.len() > self.string_max.saturating_mul(2).saturating_add(bytes.len() + 1024) {
            let text =
                format!("a value of the snapshot is longer than {} bytes: frame-bytes-max", self.string_max);
            return Err(Error::new(ErrorKind::OutOfMemory, text));
        }
        Ok(())
    }

    /// Takes one entry alone, in place of a stream: `bytes` are its type, its key and its value. Once [`Entries::next`]
    /// asks for more, [`Entries::is_read`] says whether they were just that.
    pub(super) fn set_single(&mut self, dialect: Dialect, expire_at: Option<u64>) -> &mut Vec<u8> {
        (self.state, self.dialect, self.expire_at) = (State::Between, dialect, expire_at);
        (self.at, self.summed, self.is_single) = (0, 0, true);
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_BYTES_MAX);
        &mut self.bytes
    }

    /// Whether the entry that was taken alone has been read whole, and nothing follows it.
    pub fn is_read(&self) -> bool {
        matches!(self.state, State::Between) && self.at == self.bytes.len()
    }

    /// The database of the current command.
    pub fn db(&self) -> usize {
        self.db
    }

    /// The primary's shard that the current command is from.
    pub fn shard(&self) -> usize {
        self.shard
    }

    /// The command that [`Entries::next`] came to.
    pub fn argv(&self) -> Argv<'_> {
        self.rebuild.current().as_argv()
    }

    /// The database that the changes behind the snapshot begin in, where the writer said so.
    pub fn stream_db(&self) -> Option<u32> {
        self.stream_db
    }

    /// Once the stream has ended: how many of the bytes that were pushed lie behind its end.
    pub fn bytes_behind(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// True where the stream has ended and its checksum was right.
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// Goes on to the next command.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for bytes that are no RDB, [`ErrorKind::Unsupported`] for a version or a type of value
    /// that is not known here.
    pub fn next(&mut self) -> Result<Next> {
        loop {
            if self.rebuild.next() {
                return Ok(Next::Argv);
            }
            match self.read() {
                Ok(()) => {
                    if matches!(self.state, State::End) {
                        return Ok(Next::End);
                    }
                }
                Err(Stop::Rdb(RdbError::Truncated)) => return Ok(Next::Input),
                Err(Stop::Rdb(RdbError::UnknownType(number))) => {
                    let text = format!(
                        "the snapshot holds values of RDB type {number}, which this build does not read"
                    );
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
                Err(Stop::Rdb(RdbError::UnknownVersion(version))) => {
                    let text = format!(
                        "the snapshot is an RDB of version {version}, which this build does not read"
                    );
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
                Err(Stop::Rdb(RdbError::Malformed)) => return Err(corrupt("a value is damaged")),
                Err(Stop::Error(error)) => return Err(error),
            }
        }
    }

    /// Reads one thing. Nothing has happened where it is not there whole.
    fn read(&mut self) -> Result<(), Stop> {
        let rest = &self.bytes[self.at..];
        let mut reader = Reader::with_string_max(rest, self.string_max);
        if self.is_single && self.at > 0 && matches!(self.state, State::Between) {
            return Err(RdbError::Truncated.into());
        }
        match &mut self.state {
            State::Magic => {
                let magic = reader.take(9)?;
                self.dialect = read_magic(magic)?;
                self.state = State::Between;
            }
            State::Between => match reader.byte()? {
                EOF => self.state = State::Checksum,
                SELECT => {
                    let db = reader.length()?;
                    self.db =
                        usize::try_from(db).ok().filter(|db| *db <= DB_MAX).ok_or(RdbError::Malformed)?;
                }
                RESIZE => {
                    reader.length()?;
                    reader.length()?;
                }
                AUX => {
                    let (name, value) = (reader.string()?, reader.string()?);
                    if &*name == AUX_SHARD {
                        let shard = crate::base::number::parse_u64(&value).ok_or(RdbError::Malformed)?;
                        self.shard = usize::try_from(shard).map_err(|_| RdbError::Malformed)?;
                    } else if &*name == AUX_STREAM_DB {
                        // A primary that has selected none yet writes -1.
                        let db = crate::base::number::parse_u64(&value);
                        self.stream_db = db.and_then(|db| u32::try_from(db).ok());
                    }
                }
                EXPIRE_MS => self.expire_at = Some(reader.milliseconds()?),
                EXPIRE_SECONDS => {
                    let seconds = reader.take(4)?.try_into().map_err(|_| RdbError::Malformed)?;
                    self.expire_at = Some(u64::from(u32::from_le_bytes(seconds)) * 1000);
                }
                IDLE => {
                    reader.length()?;
                }
                FREQUENCY => {
                    reader.byte()?;
                }
                SLOT_INFO => {
                    for _ in 0..3 {
                        reader.length()?;
                    }
                }
                FUNCTION => {
                    let code = reader.string()?;
                    self.rebuild.command([&b"FUNCTION"[..], b"LOAD", b"REPLACE", &code]);
                }
                MODULE_AUX => {
                    skip_module_aux(&mut reader)?;
                    self.skipped += 1;
                }
                value_type => {
                    let key = reader.string()?;
                    match value_type {
                        rdb::TYPE_STRING => {
                            let value = reader.string()?;
                            self.rebuild.string(&key, &value, self.expire_at.take());
                        }
                        rdb::TYPE_HASH | rdb::TYPE_HASH_METADATA_PRE_GA | rdb::TYPE_HASH_METADATA
                            if value_type == rdb::TYPE_HASH || matches!(self.dialect, Dialect::Redis(_)) =>
                        {
                            let expiry = match value_type {
                                rdb::TYPE_HASH => FieldExpiry::None,
                                rdb::TYPE_HASH_METADATA => FieldExpiry::After(reader.milliseconds()?),
                                _ => FieldExpiry::Absolute,
                            };
                            let left = reader.length()?;
                            if left == 0 {
                                return Err(RdbError::Malformed.into());
                            }
                            self.key.clear();
                            self.key.extend_from_slice(&key);
                            self.state = State::Parts { left, form: Part::Fields(expiry) };
                        }
                        rdb::TYPE_LIST
                        | rdb::TYPE_LIST_ZIPLIST
                        | rdb::TYPE_LIST_QUICKLIST
                        | rdb::TYPE_LIST_QUICKLIST_2 => {
                            let left = rdb::read_list_len(value_type, &mut reader)?;
                            self.key.clear();
                            self.key.extend_from_slice(&key);
                            self.state = State::Parts { left, form: Part::Elements(value_type) };
                        }
                        rdb::TYPE_SET => {
                            let left = reader.length()?;
                            if left == 0 {
                                return Err(RdbError::Malformed.into());
                            }
                            self.key.clear();
                            self.key.extend_from_slice(&key);
                            self.state = State::Parts { left, form: Part::Members };
                        }
                        rdb::TYPE_SORTED_SET | rdb::TYPE_SORTED_SET_TEXT => {
                            let is_text = value_type == rdb::TYPE_SORTED_SET_TEXT;
                            let score = if is_text { rdb::text_score } else { rdb::binary_score };
                            let left = reader.length()?;
                            if left == 0 {
                                return Err(RdbError::Malformed.into());
                            }
                            self.key.clear();
                            self.key.extend_from_slice(&key);
                            self.state = State::Parts { left, form: Part::Scored(score) };
                        }
                        rdb::TYPE_MODULE => match rdb::read_module(&mut reader) {
                            Err(RdbError::UnknownType(_)) => {
                                skip_module_parts(&mut reader)?;
                                self.expire_at = None;
                                self.skipped += 1;
                                log_sink::warning(format_args!(
                                    "the key '{}' of the snapshot is left out: its value is of a module that is not \
                                     known here",
                                    key[..key.len().min(64)].escape_ascii()
                                ));
                            }
                            Err(error) => return Err(error.into()),
                            Ok(Module::Json) => {
                                let json = rdb::read_json(&mut reader)?;
                                self.rebuild.json(&key, &json, self.expire_at.take());
                            }
                            Ok(Module::VectorSet) => {
                                let (form, left) = rdb::read_vector_form(&mut reader)?;
                                self.key.clear();
                                self.key.extend_from_slice(&key);
                                self.state = State::Parts { left, form: Part::Vectors(form) };
                            }
                        },
                        _ if let Some(form) = rdb::stream::Form::of_type(value_type) => {
                            let nodes = reader.length()?;
                            self.key.clear();
                            self.key.extend_from_slice(&key);
                            self.state = State::Stream(Box::new(StreamParts::new(form, nodes)));
                        }
                        _ => {
                            // The whole value in one string: a listpack or one of its forerunners.
                            let limits = Limits::compact();
                            let value =
                                self.dialect.read_value(value_type, &mut reader, &limits, &self.seed)?;
                            let expire_at = self.expire_at.take();
                            match value {
                                Value::Hash(hash) => self.rebuild.hash(&key, &hash, expire_at),
                                Value::SortedSet(set) => self.rebuild.sorted_set(&key, &set, expire_at),
                                Value::Set(set) => self.rebuild.set(&key, &set, expire_at),
                                _ => return Err(RdbError::Malformed.into()),
                            }
                        }
                    }
                }
            },
            State::Parts { left, form } => {
                match form {
                    Part::Fields(expiry) => {
                        let expire_at = expiry.read(&mut reader)?;
                        let (name, value) = (reader.string()?, reader.string()?);
                        self.rebuild.field(&self.key, &name, &value, expire_at);
                    }
                    Part::Elements(value_type) => {
                        let part = rdb::read_list_part(*value_type, &mut reader)?;
                        part.for_each(|element| self.rebuild.add(&self.key, b"RPUSH", &[element]));
                    }
                    Part::Scored(score) => {
                        let member = reader.string()?;
                        self.rebuild.scored(&self.key, &member, score(&mut reader)?);
                    }
                    Part::Members => self.rebuild.add(&self.key, b"SADD", &[&*reader.string()?]),
                    Part::Vectors(form) => {
                        let element = rdb::read_vector_element(&mut reader, form.dim)?;
                        if *left == 1 {
                            rdb::read_module_end(&mut reader)?;
                        }
                        self.rebuild.vector(&self.key, *form, element);
                    }
                }
                *left -= 1;
                if *left == 0 {
                    self.rebuild.end(&self.key, self.expire_at.take());
                    self.state = State::Between;
                }
            }
            State::Stream(parts) => {
                if parts.read(&mut reader, &self.key, &mut self.rebuild)? {
                    self.rebuild.end(&self.key, self.expire_at.take());
                    self.state = State::Between;
                }
            }
            State::Checksum => {
                let declared = reader.milliseconds()?;
                self.checksum.update(&self.bytes[self.summed..self.at]);
                self.summed = self.at;
                // 0 stands for a writer that did not compute it.
                if declared != 0 && declared != self.checksum.value() {
                    return Err(Stop::Error(corrupt("its checksum is wrong")));
                }
                self.state = State::End;
            }
            State::End => {}
        }
        self.at = self.bytes.len() - reader.rest().len();
        Ok(())
    }
}

/// Of one entry alone, room above this is given back.
const KEEP_BYTES_MAX: usize = 1 << 20;

/// The highest database number there can be.
const DB_MAX: usize = i32::MAX as usize;

enum Stop {
    Rdb(RdbError),
    Error(Error),
}

impl From<RdbError> for Stop {
    fn from(error: RdbError) -> Self {
        Self::Rdb(error)
    }
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the snapshot is damaged: {what}"))
}
