//! Verbs of the connection, its server and its clients.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::aio::AsyncSession;
use crate::argument::Call;
use crate::reply::Shape;
use crate::session::Session;

verbs! {{
    /// True where commands are answered.
    #[pyo3(signature = ())]
    fn ping<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("PING"), Shape::Pong)
    }

    /// The value itself.
    fn echo<'py>(slf: &Bound<'py, Self>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("ECHO").arg(value), Shape::Plain)
    }

    /// Authenticates this session.
    #[pyo3(signature = (password, username=None))]
    fn auth<'py>(slf: &Bound<'py, Self>, password: &Any<'py>, username: Option<&Any<'py>>) -> Answer<'py> {
        let mut call = Call::new("AUTH");
        if let Some(username) = username {
            call.arg(username);
        }
        ask(slf, call.arg(password), Shape::Truth)
    }

    /// Switches this session to another database.
    fn select<'py>(slf: &Bound<'py, Self>, index: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SELECT").arg(index), Shape::Okay)
    }

    /// Exchanges two databases.
    fn swapdb<'py>(slf: &Bound<'py, Self>, first: &Any<'py>, second: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SWAPDB").arg(first).arg(second), Shape::Okay)
    }

    /// How many keys the database has.
    #[pyo3(signature = ())]
    fn dbsize<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("DBSIZE"), Shape::Plain)
    }

    /// Deletes every key of the database.
    #[pyo3(signature = (asynchronous=false))]
    fn flushdb<'py>(slf: &Bound<'py, Self>, asynchronous: bool) -> Answer<'py> {
        ask(slf, Call::new("FLUSHDB").flag("ASYNC", asynchronous), Shape::Okay)
    }

    /// Deletes every key of every database.
    #[pyo3(signature = (asynchronous=false))]
    fn flushall<'py>(slf: &Bound<'py, Self>, asynchronous: bool) -> Answer<'py> {
        ask(slf, Call::new("FLUSHALL").flag("ASYNC", asynchronous), Shape::Okay)
    }

    /// The time as seconds and microseconds.
    #[pyo3(signature = ())]
    fn time<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("TIME"), Shape::Time)
    }

    /// What the server tells of itself, as a dict.
    #[pyo3(signature = (section=None, *args))]
    fn info<'py>(
        slf: &Bound<'py, Self>,
        section: Option<&Any<'py>>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        let mut call = Call::new("INFO");
        if let Some(section) = section {
            call.arg(section);
        }
        ask(slf, call.args(args), Shape::Made("info"))
    }

    /// The options whose names match, as a dict of texts.
    #[pyo3(signature = (pattern=None, *args))]
    fn config_get<'py>(
        slf: &Bound<'py, Self>,
        pattern: Option<&Any<'py>>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        let mut call = Call::sub("CONFIG", "GET");
        match pattern {
            Some(pattern) => call.arg(pattern),
            None => call.word("*"),
        };
        ask(slf, call.args(args), Shape::Text)
    }

    /// Changes options while the runtime runs.
    #[pyo3(signature = (name, value, *args))]
    fn config_set<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        value: &Any<'py>,
        args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, Call::sub("CONFIG", "SET").arg(name).arg(value).args(args), Shape::Okay)
    }

    /// Sets the counters of INFO to zero.
    #[pyo3(signature = ())]
    fn config_resetstat<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("CONFIG", "RESETSTAT"), Shape::Okay)
    }

    /// How many bytes a key takes, or None.
    #[pyo3(signature = (key, samples=None))]
    fn memory_usage<'py>(slf: &Bound<'py, Self>, key: &Any<'py>, samples: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::sub("MEMORY", "USAGE").arg(key).option("SAMPLES", samples), Shape::Plain)
    }

    /// Every command as a dict of dicts.
    #[pyo3(signature = ())]
    fn command<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("COMMAND"), Shape::Made("command"))
    }

    /// How many commands there are.
    #[pyo3(signature = ())]
    fn command_count<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("COMMAND", "COUNT"), Shape::Plain)
    }

    /// The documentation of commands, by default of all.
    #[pyo3(signature = (*args))]
    fn command_docs<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::sub("COMMAND", "DOCS").args(args), Shape::Text)
    }

    /// The number of this session.
    #[pyo3(signature = ())]
    fn client_id<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("CLIENT", "ID"), Shape::Plain)
    }

    /// What is known of this session, as a dict.
    #[pyo3(signature = ())]
    fn client_info<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("CLIENT", "INFO"), Shape::Made("client_info"))
    }

    /// Every session, as a list of dicts.
    #[pyo3(signature = (_type=None, client_id=None))]
    fn client_list<'py>(
        slf: &Bound<'py, Self>,
        _type: Option<&Any<'py>>,
        client_id: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::sub("CLIENT", "LIST");
        call.option("TYPE", _type);
        if let Some(ids) = client_id.filter(|ids| ids.is_truthy().unwrap_or(true)) {
            call.word("ID").keys(ids);
        }
        ask(slf, &mut call, Shape::Made("client_list"))
    }

    /// The name of this session, or None.
    #[pyo3(signature = ())]
    fn client_getname<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("CLIENT", "GETNAME"), Shape::Text)
    }

    /// Names this session.
    fn client_setname<'py>(slf: &Bound<'py, Self>, name: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "SETNAME").arg(name), Shape::Okay)
    }

    /// Says which library and version use this session.
    fn client_setinfo<'py>(slf: &Bound<'py, Self>, attr: &Any<'py>, value: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "SETINFO").arg(attr).arg(value), Shape::Okay)
    }

    /// Ends the connection of an address.
    fn client_kill<'py>(slf: &Bound<'py, Self>, address: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "KILL").arg(address), Shape::Made("client_kill"))
    }

    /// Ends the connections that match; returns how many.
    #[pyo3(signature = (_id=None, _type=None, addr=None, skipme=None, laddr=None, user=None, maxage=None))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn client_kill_filter<'py>(
        slf: &Bound<'py, Self>,
        _id: Option<&Any<'py>>,
        _type: Option<&Any<'py>>,
        addr: Option<&Any<'py>>,
        skipme: Option<bool>,
        laddr: Option<&Any<'py>>,
        user: Option<&Any<'py>>,
        maxage: Option<&Any<'py>>,
    ) -> Answer<'py> {
        let mut call = Call::sub("CLIENT", "KILL");
        if let Some(skipme) = skipme {
            call.word("SKIPME").word(if skipme { "YES" } else { "NO" });
        }
        call.option("TYPE", _type).option("ID", _id).option("ADDR", addr).option("LADDR", laddr);
        ask(slf, call.option("USER", user).option("MAXAGE", maxage), Shape::Plain)
    }

    /// Keeps this session when memory for clients is short.
    fn client_no_evict<'py>(slf: &Bound<'py, Self>, mode: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "NO-EVICT").arg(mode), Shape::Plain)
    }

    /// Lets commands of this session leave the age of keys alone.
    fn client_no_touch<'py>(slf: &Bound<'py, Self>, mode: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "NO-TOUCH").arg(mode), Shape::Plain)
    }

    /// Turns replies to this session on or off; those that are off are None.
    fn client_reply<'py>(slf: &Bound<'py, Self>, reply: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("CLIENT", "REPLY").arg(reply), Shape::Plain)
    }

    /// Stops the runtime.
    #[pyo3(signature = (save=false, nosave=false, now=false, force=false, abort=false))]
    fn shutdown<'py>(
        slf: &Bound<'py, Self>,
        save: bool,
        nosave: bool,
        now: bool,
        force: bool,
        abort: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("SHUTDOWN");
        call.flag("SAVE", save).flag("NOSAVE", nosave).flag("NOW", now).flag("FORCE", force);
        ask(slf, call.flag("ABORT", abort), Shape::Plain)
    }
}}

// Of a pipeline, `reset` drops what is queued.
verbs! { [Session, AsyncSession] {
    /// Puts this session back to how it began.
    #[pyo3(signature = ())]
    fn reset<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("RESET"), Shape::Text)
    }
}}
