//! Streams of RDB. The parts are read one by one, for whoever cannot hold a whole stream.
//!
//! Nodes are saved as they are kept, then counters, then groups: a group's pending entries without their consumers,
//! and each consumer with the ids of those that are its own.

use super::reader::Reader;
use super::string::write_length;
use super::{
    Format, RdbError, TYPE_STREAM, TYPE_STREAM_ACTIVITY, TYPE_STREAM_COUNTED, VERSION_CONSUMER_ACTIVITY,
};
use crate::store::listpack::Listpack;
use crate::store::stream::{Consumer, Counters, Group, Pending, Stream, StreamId};

/// What stands for a time or a count that is not known.
const UNKNOWN: u64 = u64::MAX;

/// The form in which a stream was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Of Redis 5: length and last id.
    Plain,
    /// Of Redis 7.0: more counters, and how far groups have read.
    Counted,
    /// Of Redis 7.2: the times at which consumers were active.
    Activity,
}

impl Form {
    /// The form of a type, if it is one of streams.
    pub fn of_type(value_type: u8) -> Option<Self> {
        match value_type {
            TYPE_STREAM => Some(Self::Plain),
            TYPE_STREAM_COUNTED => Some(Self::Counted),
            TYPE_STREAM_ACTIVITY => Some(Self::Activity),
            _ => None,
        }
    }
}

/// Whether a reader that takes a consumer to have been active when it was last seen would be wrong.
pub(super) fn has_activity(stream: &Stream, format: Format) -> bool {
    let is_other = |consumer: &Consumer| consumer.active_at != Some(consumer.seen_at);
    format.writes(VERSION_CONSUMER_ACTIVITY)
        && stream.groups().iter().any(|group| group.consumers().any(is_other))
}

fn write_id(out: &mut Vec<u8>, id: StreamId) {
    write_length(out, id.ms);
    write_length(out, id.seq);
}

pub(super) fn write(out: &mut Vec<u8>, stream: &Stream, format: Format) {
    let write_string = format.write_string;
    let nodes = stream.nodes();
    write_length(out, nodes.node_count() as u64);
    for (id, list) in nodes.nodes() {
        write_string(out, &id.to_bytes());
        write_string(out, list);
    }
    write_length(out, nodes.len);
    for id in [nodes.last_id, nodes.first_id, nodes.max_deleted_id] {
        write_id(out, id);
    }
    write_length(out, nodes.added);
    write_length(out, stream.groups().len() as u64);
    let has_activity = has_activity(stream, format);
    for group in stream.groups() {
        write_group(out, group, has_activity, write_string);
    }
}

fn write_group(out: &mut Vec<u8>, group: &Group, has_activity: bool, write_string: fn(&mut Vec<u8>, &[u8])) {
    write_string(out, group.name());
    write_id(out, group.last_id);
    write_length(out, group.entries_read.unwrap_or(UNKNOWN));
    write_length(out, group.pending_len() as u64);
    for (id, pending) in group.pending(StreamId::MIN) {
        out.extend_from_slice(&id.to_bytes());
        out.extend_from_slice(&pending.delivered_at.to_le_bytes());
        write_length(out, pending.deliveries);
    }
    write_length(out, group.consumers().len() as u64);
    for consumer in group.consumers() {
        write_string(out, consumer.name());
        out.extend_from_slice(&consumer.seen_at.to_le_bytes());
        if has_activity {
            out.extend_from_slice(&consumer.active_at.unwrap_or(UNKNOWN).to_le_bytes());
        }
        write_length(out, consumer.pending_len() as u64);
        for id in consumer.pending(StreamId::MIN) {
            out.extend_from_slice(&id.to_bytes());
        }
    }
}

/// Reads an id of sixteen bytes.
pub fn read_raw_id(reader: &mut Reader<'_>) -> Result<StreamId, RdbError> {
    let bytes = reader.take(16)?.try_into().map_err(|_| RdbError::Malformed)?;
    Ok(StreamId::from_bytes(bytes))
}

fn read_id(reader: &mut Reader<'_>) -> Result<StreamId, RdbError> {
    Ok(StreamId { ms: reader.length()?, seq: reader.length()? })
}

/// Reads a node into a stream, after all others.
pub fn read_node(reader: &mut Reader<'_>, stream: &mut Stream) -> Result<(), RdbError> {
    let id = <[u8; 16]>::try_from(&*reader.string()?).map_err(|_| RdbError::Malformed)?;
    let list = Listpack::from_bytes(reader.string()?.into_owned())?;
    Ok(stream.push_node(StreamId::from_bytes(id), list)?)
}

/// Reads the counters that follow the nodes; the first id follows from the entries. What an old form does not tell is taken for what it most likely was.
pub fn read_counters(form: Form, reader: &mut Reader<'_>) -> Result<Counters, RdbError> {
    let (len, last_id) = (reader.length()?, read_id(reader)?);
    if form == Form::Plain {
        return Ok(Counters { len, last_id, added: len, ..Counters::default() });
    }
    let (first_id, max_deleted_id) = (read_id(reader)?, read_id(reader)?);
    // XSETID of Redis 7.0 lets the last id fall behind what was deleted.
    let max_deleted_id = max_deleted_id.min(last_id);
    Ok(Counters { len, last_id, first_id, max_deleted_id, added: reader.length()? })
}

/// What precedes the pending entries of a group.
#[derive(Clone, Debug)]
pub struct GroupHead {
    /// The name.
    pub name: Vec<u8>,
    /// The last entry that was delivered.
    pub last_id: StreamId,
    /// How many entries the group has read. The outer `None` is for a form that does not tell.
    pub entries_read: Option<Option<u64>>,
    /// How many pending entries follow.
    pub pending: u64,
}

/// Reads what precedes the pending entries of a group.
pub fn read_group(form: Form, reader: &mut Reader<'_>) -> Result<GroupHead, RdbError> {
    let (name, last_id) = (reader.string()?.into_owned(), read_id(reader)?);
    let entries_read = match form {
        Form::Plain => None,
        _ => match reader.length()? {
            UNKNOWN => Some(None),
            read if i64::try_from(read).is_ok() => Some(Some(read)),
            _ => return Err(RdbError::Malformed),
        },
    };
    Ok(GroupHead { name, last_id, entries_read, pending: reader.length()? })
}

/// Reads a pending entry of a group: its id, when it was last delivered, and how often.
pub fn read_pending(reader: &mut Reader<'_>) -> Result<(StreamId, u64, u64), RdbError> {
    let (id, delivered_at, deliveries) = (read_raw_id(reader)?, reader.milliseconds()?, reader.length()?);
    let is_number = |value: u64| i64::try_from(value).is_ok();
    if !is_number(delivered_at) || !is_number(deliveries) {
        return Err(RdbError::Malformed);
    }
    Ok((id, delivered_at, deliveries))
}

/// What precedes the ids of a consumer.
#[derive(Clone, Debug)]
pub struct ConsumerHead {
    /// The name.
    pub name: Vec<u8>,
    /// When it was last seen, in unix milliseconds.
    pub seen_at: u64,
    /// When it was last active, in unix milliseconds.
    pub active_at: Option<u64>,
    /// How many ids follow.
    pub pending: u64,
}

/// Reads what precedes the ids of a consumer.
pub fn read_consumer(form: Form, reader: &mut Reader<'_>) -> Result<ConsumerHead, RdbError> {
    let (name, seen_at) = (reader.string()?.into_owned(), reader.milliseconds()?);
    let active_at = match form {
        Form::Activity => Some(reader.milliseconds()?).filter(|at| *at != UNKNOWN),
        _ => Some(seen_at),
    };
    Ok(ConsumerHead { name, seen_at, active_at, pending: reader.length()? })
}

pub(super) fn read(form: Form, reader: &mut Reader<'_>) -> Result<Stream, RdbError> {
    let mut stream = Stream::default();
    for _ in 0..reader.length()? {
        read_node(reader, &mut stream)?;
    }
    let counters = read_counters(form, reader)?;
    stream.set_counters(counters)?;
    for _ in 0..reader.length()? {
        read_whole_group(form, reader, &mut stream)?;
    }
    Ok(stream)
}

fn read_whole_group(form: Form, reader: &mut Reader<'_>, stream: &mut Stream) -> Result<(), RdbError> {
    let head = read_group(form, reader)?;
    let entries_read = head.entries_read.unwrap_or_else(|| stream.nodes().count_up_to(head.last_id));
    // Names are saved in order.
    if stream.groups().last().is_some_and(|last| *last.name() >= *head.name)
        || !stream.add_group(&head.name, head.last_id, entries_read)
    {
        return Err(RdbError::Malformed);
    }
    stream
        .edit_group(&head.name, |group, _| {
            let mut waiting = hashbrown::HashMap::with_hasher(foldhash::fast::RandomState::default());
            for _ in 0..head.pending {
                let (id, delivered_at, deliveries) = read_pending(reader)?;
                if waiting.insert(id, (delivered_at, deliveries)).is_some() {
                    return Err(RdbError::Malformed);
                }
            }
            for _ in 0..reader.length()? {
                let ConsumerHead { name, seen_at, active_at, pending } = read_consumer(form, reader)?;
                if group.consumers().next_back().is_some_and(|last| *last.name() >= *name) {
                    return Err(RdbError::Malformed);
                }
                let (number, _) = group.find_or_add(&name, seen_at);
                group.edit_consumer(number, |consumer| consumer.active_at = active_at);
                for _ in 0..pending {
                    // Each belongs to exactly one consumer.
                    let id = read_raw_id(reader)?;
                    let (delivered_at, deliveries) = waiting.remove(&id).ok_or(RdbError::Malformed)?;
                    group.set_pending(id, Pending { consumer: number, delivered_at, deliveries });
                }
            }
            if waiting.is_empty() { Ok(()) } else { Err(RdbError::Malformed) }
        })
        .ok_or(RdbError::Malformed)?
}
