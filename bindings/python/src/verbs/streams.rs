//! Verbs of streams, except those of their consumer groups.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

/// What a stream is trimmed to: MAXLEN or MINID, approximately or not, with LIMIT behind it.
struct Trim<'a, 'py> {
    maxlen: Option<&'a Any<'py>>,
    minid: Option<&'a Any<'py>>,
    approximate: bool,
    limit: Option<&'a Any<'py>>,
}

impl<'py> Trim<'_, 'py> {
    fn add(&self, call: &mut Call<'py>) {
        let (word, threshold) = match (self.maxlen, self.minid) {
            (None, None) => {
                call.option("LIMIT", self.limit);
                return;
            }
            (Some(maxlen), None) => ("MAXLEN", maxlen),
            (None, Some(minid)) => ("MINID", minid),
            _ => return call.fail(PyValueError::new_err("only one of maxlen and minid is given")),
        };
        call.word(word).flag("~", self.approximate).arg(threshold).option("LIMIT", self.limit);
    }
}

/// STREAMS, the keys of a mapping and then its values.
pub fn streams_of<'py>(call: &mut Call<'py>, streams: &Any<'py>) {
    let mut add = || -> PyResult<()> {
        let (keys, ids) = (streams.call_method0("keys")?, streams.call_method0("values")?);
        call.word("STREAMS").args(&keys).args(&ids);
        Ok(())
    };
    if let Err(error) = add() {
        call.fail(error);
    }
}

verbs! {{
    /// Adds an entry, given as a mapping of fields; returns its id, or None where `nomkstream` kept the key from being
    /// made. The stream is trimmed to `maxlen` entries, or to those from `minid` on.
    #[pyo3(signature = (
        name, fields, id=None, maxlen=None, approximate=true, nomkstream=false, minid=None, limit=None,
        ref_policy=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn xadd<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        fields: &Any<'py>,
        id: Option<&Any<'py>>,
        maxlen: Option<&Any<'py>>,
        approximate: bool,
        nomkstream: bool,
        minid: Option<&Any<'py>>,
        limit: Option<&Any<'py>>,
        ref_policy: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XADD");
        call.arg(name).flag("NOMKSTREAM", nomkstream).maybe(ref_policy);
        Trim { maxlen, minid, approximate, limit }.add(&mut call);
        ask(slf, call.either(id, "*").pairs(fields), Shape::Plain)
    }

    /// Trims a stream to `maxlen` entries, or to those from `minid` on; returns how many are gone.
    #[pyo3(signature = (name, maxlen=None, approximate=true, minid=None, limit=None, ref_policy=None))]
    fn xtrim<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        maxlen: Option<&Any<'py>>,
        approximate: bool,
        minid: Option<&Any<'py>>,
        limit: Option<&Any<'py>>,
        ref_policy: Option<&Any<'py>>,
    ) -> Answer<'py> {
        if maxlen.is_none() && minid.is_none() {
            return Err(PyValueError::new_err("one of maxlen and minid is given"));
        }
        let mut call = Call::new("XTRIM");
        Trim { maxlen, minid, approximate, limit }.add(call.arg(name));
        ask(slf, call.maybe(ref_policy), Shape::Plain)
    }

    /// Deletes entries; returns how many there were.
    #[pyo3(signature = (name, *ids))]
    fn xdel<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, ids: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("XDEL").arg(name).args(ids), Shape::Plain)
    }

    /// Deletes entries with a view to consumer groups: `ref_policy` is KEEPREF, DELREF or ACKED. Returns for each id
    /// 1 if the entry is deleted, 2 if a group still needs it, -1 if there is none.
    #[pyo3(signature = (name, *ids, ref_policy=None))]
    fn xdelex<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        ids: &Bound<'py, PyTuple>,
        ref_policy: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("XDELEX").arg(name).maybe(ref_policy).word("IDS").integer(ids.len() as i64).args(ids), Shape::Plain)
    }

    /// How many entries there are.
    fn xlen<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("XLEN").arg(name), Shape::Plain)
    }

    /// Entries between two ids, oldest first, as pairs of an id and a dict of fields; `(id` leaves an end out.
    #[pyo3(signature = (name, min=None, max=None, count=None))]
    fn xrange<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        min: Option<&Any<'py>>,
        max: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XRANGE");
        ask(slf, call.arg(name).either(min, "-").either(max, "+").option("COUNT", count), Shape::Entries)
    }

    /// Entries between two ids, newest first, as pairs of an id and a dict of fields.
    #[pyo3(signature = (name, max=None, min=None, count=None))]
    fn xrevrange<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        max: Option<&Any<'py>>,
        min: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XREVRANGE");
        ask(slf, call.arg(name).either(max, "+").either(min, "-").option("COUNT", count), Shape::Entries)
    }

    /// Entries behind the ids of streams, given as a mapping of keys to ids: a list of keys with their entries. `$` is
    /// the newest id; with `block` waits up to that many milliseconds for an entry, 0 for ever.
    #[pyo3(signature = (streams, count=None, block=None))]
    fn xread<'py>(
        slf: &Bound<'py, Self>,
        streams: &Any<'py>,
        count: Option<&Any<'py>>,
        block: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::new("XREAD");
        streams_of(call.option("BLOCK", block).option("COUNT", count), streams);
        ask(slf, &mut call, Shape::Streams)
    }

    /// What is known of a stream, as a dict; `full` adds its entries and groups.
    #[pyo3(signature = (name, full=false))]
    fn xinfo_stream<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, full: bool) -> Answer<'py> {
        let shape = Shape::Made(if full { "xinfo_stream_full" } else { "xinfo_stream" });
        ask(slf, Call::sub("XINFO", "STREAM").arg(name).flag("FULL", full), shape)
    }

    /// What is known of the groups of a stream, as a list of dicts.
    fn xinfo_groups<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("XINFO", "GROUPS").arg(name), Shape::Made("dicts"))
    }

    /// What is known of the consumers of a group, as a list of dicts.
    fn xinfo_consumers<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, groupname: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("XINFO", "CONSUMERS").arg(name).arg(groupname), Shape::Made("dicts"))
    }
}}
