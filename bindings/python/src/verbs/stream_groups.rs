//! Verbs of the consumer groups of streams.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::streams::streams_of;
use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

verbs! {{
    /// Makes a group that delivers entries behind `id`, by default the newest; with `mkstream` also the stream.
    #[pyo3(signature = (name, groupname, id=None, mkstream=false, entries_read=None))]
    fn xgroup_create<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        id: Option<&Any<'py>>,
        mkstream: bool,
        entries_read: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::sub("XGROUP", "CREATE");
        call.arg(name).arg(groupname).either(id, "$").flag("MKSTREAM", mkstream);
        ask(slf, call.option("ENTRIESREAD", entries_read), Shape::Okay)
    }

    /// Lets a group deliver entries behind another id.
    #[pyo3(signature = (name, groupname, id, entries_read=None))]
    fn xgroup_setid<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        id: &Any<'py>,
        entries_read: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::sub("XGROUP", "SETID");
        ask(slf, call.arg(name).arg(groupname).arg(id).option("ENTRIESREAD", entries_read), Shape::Okay)
    }

    /// Deletes a group; false where there is none.
    fn xgroup_destroy<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, groupname: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("XGROUP", "DESTROY").arg(name).arg(groupname), Shape::Truth)
    }

    /// Makes a consumer; returns 1, or 0 where there is one.
    fn xgroup_createconsumer<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        consumername: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::sub("XGROUP", "CREATECONSUMER").arg(name).arg(groupname).arg(consumername), Shape::Plain)
    }

    /// Deletes a consumer; returns how many entries were pending for it.
    fn xgroup_delconsumer<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        consumername: &Any<'py>,
    ) -> Answer<'py> {
        ask(slf, Call::sub("XGROUP", "DELCONSUMER").arg(name).arg(groupname).arg(consumername), Shape::Plain)
    }

    /// Entries for a consumer of a group, from streams given as a mapping of keys to ids: a list of keys with their
    /// entries. `>` asks for new ones, an id for those pending behind it; with `block` waits up to that many
    /// milliseconds for one, 0 for ever.
    #[pyo3(signature = (groupname, consumername, streams, count=None, block=None, noack=false))]
    fn xreadgroup<'py>(
        slf: &Bound<'py, Self>,
        groupname: &Any<'py>,
        consumername: &Any<'py>,
        streams: &Any<'py>,
        count: Option<&Any<'py>>,
        block: Option<&Any<'py>>,
        noack: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("XREADGROUP");
        call.word("GROUP").arg(groupname).arg(consumername).option("COUNT", count).option("BLOCK", block);
        streams_of(call.flag("NOACK", noack), streams);
        ask(slf, &mut call, Shape::Streams)
    }

    /// Says that entries have been dealt with; returns how many were pending.
    #[pyo3(signature = (name, groupname, *ids))]
    fn xack<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        ids: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::new("XACK").arg(name).arg(groupname).args(ids), Shape::Plain)
    }

    /// Acknowledges entries and deletes them from the stream as `xdelex` does; returns for each id 1 if the entry is
    /// gone, 2 if another group still needs it, -1 if it was not pending.
    #[pyo3(signature = (name, groupname, *ids, ref_policy=None))]
    fn xackdel<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        ids: &Bound<'py, PyTuple>,
        ref_policy: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XACKDEL");
        ask(slf, call.arg(name).arg(groupname).maybe(ref_policy).word("IDS").integer(ids.len() as i64).args(ids), Shape::Plain)
    }

    /// How many entries of a group are pending, between which ids, and for which consumers, as a dict.
    fn xpending<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, groupname: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("XPENDING").arg(name).arg(groupname), Shape::Made("xpending"))
    }

    /// Up to `count` pending entries between two ids, as a list of dicts: those of one consumer, or those idle for so
    /// many milliseconds, if asked for.
    #[pyo3(signature = (name, groupname, min, max, count, consumername=None, idle=None))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn xpending_range<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        min: Option<&Any<'py>>,
        max: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        consumername: Option<&Any<'py>>,
        idle: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XPENDING");
        call.arg(name).arg(groupname);
        match (min, max, count) {
            (Some(min), Some(max), Some(count)) => {
                call.option("IDLE", idle).arg(min).arg(max).arg(count).maybe(consumername);
                ask(slf, &mut call, Shape::Made("xpending_range"))
            }
            (None, None, None) if consumername.is_none() && idle.is_none() => {
                ask(slf, &mut call, Shape::Made("xpending"))
            }
            _ => Err(PyValueError::new_err("min, max and count are given together")),
        }
    }

    /// Gives pending entries to another consumer if they are idle for so many milliseconds: the entries or, with
    /// `justid`, their ids.
    #[pyo3(signature = (
        name, groupname, consumername, min_idle_time, message_ids, idle=None, time=None, retrycount=None,
        force=false, justid=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn xclaim<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        consumername: &Any<'py>,
        min_idle_time: &Any<'py>,
        message_ids: &Any<'py>,
        idle: Option<&Any<'py>>,
        time: Option<&Any<'py>>,
        retrycount: Option<&Any<'py>>,
        force: bool,
        justid: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("XCLAIM");
        call.arg(name).arg(groupname).arg(consumername).arg(min_idle_time).args(message_ids);
        call.option("IDLE", idle).option("TIME", time).option("RETRYCOUNT", retrycount);
        call.flag("FORCE", force).flag("JUSTID", justid);
        ask(slf, &mut call, if justid { Shape::Plain } else { Shape::Entries })
    }

    /// Gives up to `count` pending entries that are idle for so many milliseconds to another consumer: where to go on,
    /// the entries and the ids of those that are gone; with `justid` only the ids claimed.
    #[pyo3(signature = (
        name, groupname, consumername, min_idle_time, start_id=None, count=None, justid=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn xautoclaim<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        groupname: &Any<'py>,
        consumername: &Any<'py>,
        min_idle_time: &Any<'py>,
        start_id: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        justid: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("XAUTOCLAIM");
        call.arg(name).arg(groupname).arg(consumername).arg(min_idle_time).either(start_id, "0-0");
        call.option("COUNT", count).flag("JUSTID", justid);
        ask(slf, &mut call, if justid { Shape::ClaimedIds } else { Shape::Claimed })
    }
}}
