//! FUNCTION and FCALL: libraries and their functions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::base::glob;
use crate::command::arguments::is_word;
use crate::command::scripting::{Figures, Functions};
use crate::command::{Context, Fail, Outcome};
use crate::store::rdb::functions;

use super::caller::check_run;
use super::eval::{execute, limit};
use super::interpreter::home;
use super::library::{Library, Registered};
use super::running::{Kind, Run, Running};
use super::shebang::{ScriptFlags, of_library};
use super::stack::Call;
use super::vm::Vm;

/// A function, and the library that it belongs to.
#[derive(Debug)]
struct Owned {
    library: Vec<u8>,
    registered: Registered,
}

/// The state for functions.
#[derive(Debug)]
pub struct Fcall {
    // Before the state that they belong to.
    libraries: BTreeMap<Vec<u8>, Library>,
    /// Each function, by its name in lower case.
    functions: HashMap<Vec<u8>, Owned, RandomState>,
    /// Of the libraries that these are.
    pub version: u64,
    pub vm: Vm,
}

impl Fcall {
    /// A state with these libraries, and what is wrong with those that it could not take.
    pub fn with(running: &Arc<Running>, source: &Functions) -> mlua::Result<(Self, Vec<(String, Fail)>)> {
        let mut fcall = Self {
            libraries: BTreeMap::new(),
            functions: HashMap::default(),
            version: source.version(),
            vm: Vm::new(running)?,
        };
        let mut refused = Vec::new();
        for (name, code) in source.iter() {
            let loaded = Library::load(&fcall.vm, running, code)
                .and_then(|library| fcall.check_names(&library, &[]).map(|()| library));
            match loaded {
                Ok(library) => fcall.put(library),
                Err(fail) => refused.push((String::from_utf8_lossy(name).into_owned(), fail)),
            }
        }
        Ok((fcall, refused))
    }

    /// How many libraries and functions there are, and the bytes of the code.
    pub fn size(&self) -> (usize, usize, usize) {
        let bytes = self.libraries.values().map(|library| library.code.len()).sum();
        (self.libraries.len(), self.functions.len(), bytes)
    }

    /// Whether a function of this name declares that it writes nothing.
    pub fn only_reads(&self, name: &[u8]) -> bool {
        let owned = self.functions.get(&name.to_ascii_lowercase());
        owned.is_some_and(|owned| owned.registered.flags.has(ScriptFlags::NO_WRITES))
    }

    fn put(&mut self, library: Library) {
        self.take_out(&library.name);
        for (name, registered) in &library.functions {
            let owned = Owned { library: library.name.clone(), registered: registered.clone() };
            self.functions.insert(name.to_ascii_lowercase(), owned);
        }
        self.libraries.insert(library.name.clone(), library);
    }

    fn take_out(&mut self, name: &[u8]) -> bool {
        let Some(library) = self.libraries.remove(name) else { return false };
        for function in library.functions.keys() {
            self.functions.remove(&function.to_ascii_lowercase());
        }
        true
    }

    /// Refuses a library with a function that another library has, but for those in `leaving`.
    fn check_names(&self, library: &Library, leaving: &[&[u8]]) -> Result<(), Fail> {
        let is_taken = |name: &&Vec<u8>| {
            self.functions.get(&name.to_ascii_lowercase()).is_some_and(|owned| {
                owned.library != library.name && !leaving.contains(&owned.library.as_slice())
            })
        };
        match library.functions.keys().find(is_taken) {
            Some(name) => Err(Fail::quoting("ERR Function {} already exists", name)),
            None => Ok(()),
        }
    }

    /// FCALL and FCALL_RO.
    pub fn run(
        &mut self,
        running: &Arc<Running>,
        ctx: &mut Context<'_>,
        args: &[&[u8]],
        read_only: bool,
    ) -> Outcome {
        let owned = self.functions.get(&args[1].to_ascii_lowercase());
        let registered = &owned.ok_or(Fail::new("ERR Function not found"))?.registered;
        let count =
            crate::base::number::parse_i64(args[2]).ok_or(Fail::new("ERR Bad number of keys provided"))?;
        let rest = args.get(3..).unwrap_or_default();
        if count > rest.len() as i64 {
            return Err(Fail::new("ERR Number of keys can't be greater than number of args"));
        }
        let count = usize::try_from(count).map_err(|_| Fail::new("ERR Number of keys can't be negative"))?;
        let (keys, arguments) = rest.split_at(count);
        let rights = check_run(ctx, registered.flags, read_only)?;
        let name = String::from_utf8_lossy(args[1]).into_owned();
        let run = Run {
            kind: Kind::Function,
            name: name.clone(),
            command: args.iter().map(|arg| arg.to_vec()).collect(),
            started: Instant::now(),
            limit: limit(ctx),
        };
        execute(&self.vm, running, ctx, (run, rights, &name, args), |vm| {
            vm.run(&registered.function, &Call { keys, arguments, is_function: true })
        })
    }

    /// FUNCTION LOAD.
    pub fn load(&mut self, running: &Arc<Running>, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        let (code, options) = args[2..].split_last().ok_or(Fail::SYNTAX)?;
        let mut replace = false;
        for option in options {
            if !is_word(option, "REPLACE") {
                return Err(Fail::quoting("ERR Unknown option given: {}", option));
            }
            replace = true;
        }
        let head = of_library(code)?;
        if !replace && self.libraries.contains_key(&head.name) {
            return Err(Fail::quoting("ERR Library '{}' already exists", &head.name));
        }
        let library = Library::load(&self.vm, running, &Arc::from(*code))?;
        self.check_names(&library, &[])?;
        ctx.out.bulk(&library.name);
        let place = home(ctx)?;
        place.functions.insert(&library.name, code);
        self.version = place.functions.version();
        self.put(library);
        record(ctx, args)
    }

    /// FUNCTION DELETE.
    pub fn delete(&mut self, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        if !self.take_out(args[2]) {
            return Err(Fail::new("ERR Library not found"));
        }
        let place = home(ctx)?;
        place.functions.remove(args[2]);
        self.version = place.functions.version();
        ctx.out.ok();
        record(ctx, args)
    }

    /// FUNCTION FLUSH. The state is made anew, so that nothing of the libraries is left.
    pub fn flush(&mut self, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        match args {
            [_, _] => {}
            [_, _, mode] if is_word(mode, "SYNC") || is_word(mode, "ASYNC") => {}
            [_, _, _] => return Err(Fail::new("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")),
            _ => return Err(crate::command::help::wrong_count(args[0], args[1])),
        }
        self.libraries.clear();
        self.functions.clear();
        home(ctx)?.functions.clear();
        ctx.out.ok();
        record(ctx, args)
    }

    /// FUNCTION LIST.
    pub fn list(&self, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        let (mut pattern, mut with_code) = (None, false);
        let mut rest = args[2..].iter();
        while let Some(word) = rest.next() {
            if !with_code && is_word(word, "WITHCODE") {
                with_code = true;
            } else if pattern.is_none() && is_word(word, "LIBRARYNAME") {
                pattern = Some(*rest.next().ok_or(Fail::new("ERR library name argument was not given"))?);
            } else {
                return Err(Fail::quoting("ERR Unknown argument {}", word));
            }
        }
        let is_asked =
            |library: &&Library| pattern.is_none_or(|pattern| glob::matches(pattern, &library.name, true));
        let out = &mut *ctx.out;
        let later = out.array_later();
        let mut count = 0;
        for library in self.libraries.values().filter(is_asked) {
            count += 1;
            out.map(3 + usize::from(with_code));
            out.bulk(b"library_name");
            out.bulk(&library.name);
            out.bulk(b"engine");
            out.bulk(b"LUA");
            out.bulk(b"functions");
            out.array(library.functions.len());
            for (name, function) in &library.functions {
                out.map(3);
                out.bulk(b"name");
                out.bulk(name);
                out.bulk(b"description");
                match &function.description {
                    Some(text) => out.bulk(text),
                    None => out.null(),
                }
                out.bulk(b"flags");
                let flags = ScriptFlags::NAMES.iter().filter(|(flag, _)| function.flags.has(*flag));
                out.set(flags.clone().count());
                flags.for_each(|(_, name)| out.simple(name));
            }
            if with_code {
                out.bulk(b"library_code");
                out.bulk(&library.code);
            }
        }
        out.finish_array(later, count);
        Ok(())
    }

    /// FUNCTION RESTORE: all libraries of the payload or none.
    pub fn restore(&mut self, running: &Arc<Running>, ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
        let policy = match args {
            [_, _, _] => Policy::Append,
            [_, _, _, word] if is_word(word, "APPEND") => Policy::Append,
            [_, _, _, word] if is_word(word, "REPLACE") => Policy::Replace,
            [_, _, _, word] if is_word(word, "FLUSH") => Policy::Flush,
            [_, _, _, _] => {
                return Err(Fail::new(
                    "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
                ));
            }
            _ => return Err(crate::command::help::wrong_count(args[0], args[1])),
        };
        let codes = functions::restore(args[2]).map_err(|error| Fail::with(error.to_string()))?;
        let mut loaded: Vec<Library> = Vec::new();
        for code in codes {
            let library = Library::load(&self.vm, running, &Arc::from(code))?;
            let is_there = |name: &[u8]| policy == Policy::Append && self.libraries.contains_key(name);
            if is_there(&library.name) || loaded.iter().any(|other| other.name == library.name) {
                return Err(Fail::quoting("ERR Library {} already exists", &library.name));
            }
            loaded.push(library);
        }
        let leaving: Vec<&[u8]> = match policy {
            Policy::Flush => self.libraries.keys().map(Vec::as_slice).collect(),
            _ => loaded.iter().map(|library| library.name.as_slice()).collect(),
        };
        for (at, library) in loaded.iter().enumerate() {
            self.check_names(library, &leaving)?;
            let twice = library
                .functions
                .keys()
                .find(|name| loaded[..at].iter().any(|other| other.functions.contains_key(*name)));
            if let Some(name) = twice {
                return Err(Fail::quoting("ERR Function {} already exists", name));
            }
        }
        let place = home(ctx)?;
        if policy == Policy::Flush {
            self.libraries.clear();
            self.functions.clear();
            place.functions.clear();
        }
        for library in loaded {
            place.functions.insert(&library.name, &library.code);
            self.put(library);
        }
        self.version = place.functions.version();
        ctx.out.ok();
        record(ctx, args)
    }
}

/// What becomes of the libraries that are there when others are restored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    Append,
    Replace,
    Flush,
}

/// Replicates the command as it stands.
fn record(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let db = ctx.session.db;
    home(ctx)?.effects.push(db, args);
    Ok(())
}

/// FUNCTION DUMP.
pub fn dump(ctx: &mut Context<'_>) -> Outcome {
    let payload = functions::dump(home(ctx)?.functions.iter().map(|(_, code)| &**code));
    ctx.out.bulk(&payload);
    Ok(())
}

/// FUNCTION STATS.
pub fn stats(ctx: &mut Context<'_>, running: &Running, figures: &Figures) -> Outcome {
    let run = running.run();
    if run.as_ref().is_some_and(|run| run.kind == Kind::Script) {
        return Err(running.busy());
    }
    let out = &mut *ctx.out;
    out.map(2);
    out.bulk(b"running_script");
    match run {
        Some(run) => {
            out.map(3);
            out.bulk(b"name");
            out.bulk(run.name.as_bytes());
            out.bulk(b"command");
            out.array(run.command.len());
            run.command.iter().for_each(|arg| out.bulk(arg));
            out.bulk(b"duration_ms");
            out.unsigned(run.started.elapsed().as_millis() as u64);
        }
        None => out.null(),
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(b"LUA");
    out.map(2);
    out.bulk(b"libraries_count");
    out.unsigned(figures.libraries as u64);
    out.bulk(b"functions_count");
    out.unsigned(figures.functions as u64);
    Ok(())
}
