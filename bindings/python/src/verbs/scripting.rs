//! Verbs of scripts, functions and messages.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

/// A verb that runs something named, with keys and arguments.
fn run_call<'py>(
    verb: &'static str,
    what: &Any<'py>,
    numkeys: &Any<'py>,
    rest: &Bound<'py, PyTuple>,
) -> Call<'py> {
    let mut call = Call::new(verb);
    call.arg(what).arg(numkeys).args(rest);
    call
}

verbs! {{
    /// Runs a Lua script with that many keys, and then arguments.
    #[pyo3(signature = (script, numkeys, *keys_and_args))]
    fn eval<'py>(
        slf: &Bound<'py, Self>,
        script: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("EVAL", script, numkeys, keys_and_args), Shape::Plain)
    }

    /// Runs a script that changes nothing.
    #[pyo3(signature = (script, numkeys, *keys_and_args))]
    fn eval_ro<'py>(
        slf: &Bound<'py, Self>,
        script: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("EVAL_RO", script, numkeys, keys_and_args), Shape::Plain)
    }

    /// Runs a script by the digest that `script_load` gave.
    #[pyo3(signature = (sha, numkeys, *keys_and_args))]
    fn evalsha<'py>(
        slf: &Bound<'py, Self>,
        sha: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("EVALSHA", sha, numkeys, keys_and_args), Shape::Plain)
    }

    /// Runs a script that changes nothing by its digest.
    #[pyo3(signature = (sha, numkeys, *keys_and_args))]
    fn evalsha_ro<'py>(
        slf: &Bound<'py, Self>,
        sha: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("EVALSHA_RO", sha, numkeys, keys_and_args), Shape::Plain)
    }

    /// Calls a function with that many keys, and then arguments.
    #[pyo3(signature = (function, numkeys, *keys_and_args))]
    fn fcall<'py>(
        slf: &Bound<'py, Self>,
        function: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("FCALL", function, numkeys, keys_and_args), Shape::Plain)
    }

    /// Calls a function that changes nothing.
    #[pyo3(signature = (function, numkeys, *keys_and_args))]
    fn fcall_ro<'py>(
        slf: &Bound<'py, Self>,
        function: &Any<'py>,
        numkeys: &Any<'py>,
        keys_and_args: &Bound<'py, PyTuple>,
    ) -> Answer<'py> {
        ask(slf, &mut run_call("FCALL_RO", function, numkeys, keys_and_args), Shape::Plain)
    }

    /// Keeps a script and gives its digest.
    fn script_load<'py>(slf: &Bound<'py, Self>, script: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("SCRIPT", "LOAD").arg(script), Shape::Text)
    }

    /// Which of these digests are of scripts that are kept, as a list of bools.
    #[pyo3(signature = (*args))]
    fn script_exists<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::sub("SCRIPT", "EXISTS").args(args), Shape::Made("truths"))
    }

    /// Forgets all scripts.
    #[pyo3(signature = (sync_type=None))]
    fn script_flush<'py>(slf: &Bound<'py, Self>, sync_type: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::sub("SCRIPT", "FLUSH").maybe(sync_type), Shape::Okay)
    }

    /// Ends the script that runs, if it has written nothing.
    #[pyo3(signature = ())]
    fn script_kill<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("SCRIPT", "KILL"), Shape::Okay)
    }

    /// Loads a library of functions and gives its name.
    #[pyo3(signature = (code, replace=false))]
    fn function_load<'py>(slf: &Bound<'py, Self>, code: &Any<'py>, replace: bool) -> Answer<'py> {
        ask(slf, Call::sub("FUNCTION", "LOAD").flag("REPLACE", replace).arg(code), Shape::Plain)
    }

    /// Deletes a library.
    fn function_delete<'py>(slf: &Bound<'py, Self>, library: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::sub("FUNCTION", "DELETE").arg(library), Shape::Okay)
    }

    /// Deletes all libraries.
    #[pyo3(signature = (mode=None))]
    fn function_flush<'py>(slf: &Bound<'py, Self>, mode: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::sub("FUNCTION", "FLUSH").either(mode, "SYNC"), Shape::Okay)
    }

    /// The libraries whose names match, with their functions.
    #[pyo3(signature = (library=None, withcode=false))]
    fn function_list<'py>(slf: &Bound<'py, Self>, library: Option<&Any<'py>>, withcode: bool) -> Answer<'py> {
        let mut call = Call::sub("FUNCTION", "LIST");
        call.word("LIBRARYNAME").either(library, "*").flag("WITHCODE", withcode);
        ask(slf, &mut call, Shape::Plain)
    }

    /// All libraries as bytes for `function_restore`.
    #[pyo3(signature = ())]
    fn function_dump<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("FUNCTION", "DUMP"), Shape::Bytes)
    }

    /// Takes libraries from the bytes of `function_dump`: `policy` is APPEND, FLUSH or REPLACE.
    #[pyo3(signature = (payload, policy=None))]
    fn function_restore<'py>(
        slf: &Bound<'py, Self>,
        payload: &Any<'py>,
        policy: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::sub("FUNCTION", "RESTORE").arg(payload).either(policy, "APPEND"), Shape::Okay)
    }

    /// What runs, and how many libraries and functions there are.
    #[pyo3(signature = ())]
    fn function_stats<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("FUNCTION", "STATS"), Shape::Plain)
    }

    /// Ends the function that runs, if it has written nothing.
    #[pyo3(signature = ())]
    fn function_kill<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("FUNCTION", "KILL"), Shape::Plain)
    }

    /// Sends a message to all who listen to a channel, and gives how many they are.
    fn publish<'py>(slf: &Bound<'py, Self>, channel: &Any<'py>, message: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("PUBLISH").arg(channel).arg(message), Shape::Plain)
    }

    /// Sends a message to all who listen to a shard channel, and gives how many they are.
    fn spublish<'py>(slf: &Bound<'py, Self>, shard_channel: &Any<'py>, message: &Any<'py>) -> Answer<'py> {
        ask(slf, Call::new("SPUBLISH").arg(shard_channel).arg(message), Shape::Plain)
    }

    /// The channels that somebody listens to and whose names match.
    #[pyo3(signature = (pattern=None))]
    fn pubsub_channels<'py>(slf: &Bound<'py, Self>, pattern: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::sub("PUBSUB", "CHANNELS").either(pattern, "*"), Shape::Plain)
    }

    /// How many patterns are listened to.
    #[pyo3(signature = ())]
    fn pubsub_numpat<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("PUBSUB", "NUMPAT"), Shape::Plain)
    }

    /// How many listen to each of these channels, as pairs.
    #[pyo3(signature = (*args))]
    fn pubsub_numsub<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::sub("PUBSUB", "NUMSUB").args(args), Shape::Groups(2))
    }

    /// The shard channels that somebody listens to and whose names match.
    #[pyo3(signature = (pattern=None))]
    fn pubsub_shardchannels<'py>(slf: &Bound<'py, Self>, pattern: Option<&Any<'py>>) -> Answer<'py> {
        ask(slf, Call::sub("PUBSUB", "SHARDCHANNELS").either(pattern, "*"), Shape::Plain)
    }

    /// How many listen to each of these shard channels, as pairs.
    #[pyo3(signature = (*args))]
    fn pubsub_shardnumsub<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::sub("PUBSUB", "SHARDNUMSUB").args(args), Shape::Groups(2))
    }

    /// The name of this session's user.
    #[pyo3(signature = ())]
    fn acl_whoami<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("ACL", "WHOAMI"), Shape::Text)
    }

    /// The names of all users.
    #[pyo3(signature = ())]
    fn acl_users<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("ACL", "USERS"), Shape::Text)
    }

    /// All users with their rules, as lines of an ACL file.
    #[pyo3(signature = ())]
    fn acl_list<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::sub("ACL", "LIST"), Shape::Text)
    }

    /// Deletes users, and gives how many there were.
    #[pyo3(signature = (*username))]
    fn acl_deluser<'py>(slf: &Bound<'py, Self>, username: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::sub("ACL", "DELUSER").args(username), Shape::Plain)
    }

    /// Writes a snapshot, and returns when it is on disk.
    #[pyo3(signature = ())]
    fn save<'py>(slf: &Bound<'py, Self>) -> Answer<'py> {
        ask(slf, &mut Call::new("SAVE"), Shape::Okay)
    }
}}
