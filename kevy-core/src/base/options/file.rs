//! Configuration files in the syntax of redis.conf, and command lines in that of redis-server.
//!
//! A line is a directive: a name and its values, with quotes as in an inline command. Empty lines and lines
//! that start with `#` are skipped. `include` reads another file, or all files that a pattern names, at
//! that place.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::config_set::known;
use super::error::OptionError;
use super::kind::Kind;
use super::table::Options;
use super::values::SavePoints;
use crate::base::{glob, words};

const FILE_BYTES_MAX: u64 = 16 << 20;
const INCLUDE_DEPTH_MAX: usize = 16;

impl Options {
    /// The default options, changed by the file at `path`.
    pub fn read_file(path: impl AsRef<Path>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        options.apply_file(path)?;
        Ok(options)
    }

    /// Changes the options as the file at `path` says. On an error some of it may have been applied.
    pub fn apply_file(&mut self, path: impl AsRef<Path>) -> Result<(), OptionError> {
        let path = path.as_ref();
        self.include(path, 0)?;
        // CONFIG REWRITE must find it wherever the process works by then.
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        self.config_file = path.to_string_lossy().into_owned();
        Ok(())
    }

    /// The default options, changed by a command line without the program's name: first, if it does not start
    /// with `--`, the path of a configuration file; then `--name value...` as often as wanted. The first
    /// word after a name is a value even if it starts with `--`.
    pub fn from_args<I: IntoIterator<Item: AsRef<str>>>(args: I) -> Result<Self, OptionError> {
        let mut options = Self::default();
        options.apply_args(args)?;
        Ok(options)
    }

    /// Changes the options as a command line says, see [`Self::from_args`]. On an error some of it may have
    /// been applied.
    pub fn apply_args<I: IntoIterator<Item: AsRef<str>>>(&mut self, args: I) -> Result<(), OptionError> {
        let mut args = args.into_iter().peekable();
        if let Some(path) = args.next_if(|arg| !arg.as_ref().starts_with("--")) {
            self.apply_file(path.as_ref())?;
        }
        while let Some(arg) = args.next() {
            let arg = arg.as_ref();
            let Some(written) = arg.strip_prefix("--").filter(|name| !name.is_empty()) else {
                return Err(OptionError::Syntax {
                    text: arg.into(),
                    reason: "expected an option: --name value",
                });
            };
            // A name and its values may also come as one argument.
            let mut directive: Vec<String> = written.split_ascii_whitespace().map(str::to_owned).collect();
            let is_bare_save = written.eq_ignore_ascii_case("save")
                && args.peek().is_none_or(|next| next.as_ref().starts_with("--"));
            if is_bare_save {
                directive.push(String::new());
            } else if directive.len() == 1
                && let Some(value) = args.next()
            {
                directive.push(value.as_ref().into());
            }
            while let Some(value) = args.next_if(|next| !next.as_ref().starts_with("--")) {
                directive.push(value.as_ref().into());
            }
            self.directive(&directive, 0)?;
        }
        Ok(())
    }

    fn directive(&mut self, words: &[String], depth: usize) -> Result<(), OptionError> {
        let Some((name, values)) = words.split_first() else { return Ok(()) };
        if name.eq_ignore_ascii_case("include") {
            let [pattern] = values else { return Err(OptionError::WordCount { name: name.clone() }) };
            return included(pattern)?.iter().try_for_each(|path| self.include(path, depth + 1));
        }
        let spec = known(name)?;
        if let (Kind::SavePoints, SavePoints::At(points), [first, ..]) = (spec.kind, &self.save, values)
            && !points.is_empty()
            && !first.is_empty()
        {
            // Each line adds to those before it.
            let before = self.get(spec.name).unwrap_or_default();
            return self.set(name, &format!("{before} {}", values.join(" ")));
        }
        if spec.name == "user" {
            // Words with spaces in them stay whole.
            self.user.add(values.to_vec());
            return Ok(());
        }
        match values {
            [value] => self.set(name, value),
            [_, ..] if spec.kind.takes_many_words() => self.set(name, &values.join(" ")),
            _ => Err(OptionError::WordCount { name: name.clone() }),
        }
    }

    fn include(&mut self, path: &Path, depth: usize) -> Result<(), OptionError> {
        let unreadable = |reason: String| OptionError::Unreadable { path: path.into(), reason };
        if depth > INCLUDE_DEPTH_MAX {
            return Err(unreadable(format!("included more than {INCLUDE_DEPTH_MAX} files deep")));
        }
        let mut content = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content))
            .map_err(|error| unreadable(error.to_string()))?;
        if content.len() as u64 > FILE_BYTES_MAX {
            return Err(unreadable(format!("longer than {FILE_BYTES_MAX} bytes")));
        }
        for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            split(line).and_then(|words| self.directive(&words, depth)).map_err(|cause| {
                OptionError::Line { path: path.into(), number: index + 1, cause: Box::new(cause) }
            })?;
        }
        Ok(())
    }
}

fn split(line: &[u8]) -> Result<Vec<String>, OptionError> {
    let refused = |reason| OptionError::Syntax { text: String::from_utf8_lossy(line).into_owned(), reason };
    let mut bytes = Vec::new();
    let mut ranges = Vec::new();
    words::quoted_words(line, &mut bytes, |start, length| ranges.push(start..start + length))
        .map_err(|_| refused("Unbalanced quotes in configuration line"))?;
    ranges
        .into_iter()
        .map(|range| String::from_utf8(bytes[range].to_vec()).map_err(|_| refused("the text is not UTF-8")))
        .collect()
}

/// The files that `include` names: one, or in alphabetical order those whose names match a pattern.
fn included(pattern: &str) -> Result<Vec<PathBuf>, OptionError> {
    let path = Path::new(pattern);
    let Some(name) =
        path.file_name().and_then(|name| name.to_str()).filter(|name| name.contains(['*', '?', '[']))
    else {
        return Ok(vec![path.into()]);
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unreadable =
        |error: std::io::Error| OptionError::Unreadable { path: directory.into(), reason: error.to_string() };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry
            .file_name()
            .to_str()
            .is_some_and(|file| glob::matches(name.as_bytes(), file.as_bytes(), false))
        {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
