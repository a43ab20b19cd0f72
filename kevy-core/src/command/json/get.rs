//! Reading values of documents in their several forms.

use indexmap::IndexMap;

use crate::command::arguments::is_word;
use crate::command::{Context, Fail, Outcome};
use crate::resp::{Protocol, Writer};
use crate::store::Json;
use crate::store::json::{Answer, Layout, Node, Path, print};

use super::{BYTES_MAX, PathArg, TOO_LONG, document, utf8};

/// JSON.GET key [INDENT indent] [NEWLINE newline] [SPACE space] [path ...]
pub fn get(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let mut layout = Layout::default();
    let mut paths = Vec::new();
    let mut rest = args[2..].iter();
    while let Some(arg) = rest.next() {
        let part = match arg {
            word if is_word(word, "INDENT") => &mut layout.indent,
            word if is_word(word, "NEWLINE") => &mut layout.newline,
            word if is_word(word, "SPACE") => &mut layout.space,
            // What version 1 of RedisJSON knew, and later ones ignore.
            word if is_word(word, "NOESCAPE") => continue,
            path => {
                paths.push(utf8(path)?);
                continue;
            }
        };
        *part = utf8(rest.next().ok_or_else(|| Fail::arity("json.get"))?)?;
    }
    let (out, found) = ctx.read(args[1]);
    let Some(json) = document(found)? else {
        out.null();
        return Ok(());
    };
    let answer = match &paths[..] {
        [] => Answer::One(json.root()),
        [path] => answer(json, &PathArg::parse(path.as_bytes())?)?,
        several => answers(json, several)?,
    };
    out.bulk(&print(&answer, layout, BYTES_MAX)?);
    Ok(())
}

/// What one path leads to: its first value for the older form, all of them otherwise.
fn answer<'a>(json: &'a Json, path: &PathArg<'_>) -> Result<Answer<'a>, Fail> {
    let found = json.find(&path.path)?;
    if path.is_legacy() {
        return Ok(Answer::One(found.first().ok_or_else(|| path.missing())?));
    }
    Ok(Answer::Many(found))
}

/// An object of what several paths lead to. One that is no path is left out. The older form gives single values only
/// where all paths are of it.
fn answers<'a>(json: &'a Json, texts: &[&'a str]) -> Result<Answer<'a>, Fail> {
    let mut paths: IndexMap<&str, Path, foldhash::fast::RandomState> = IndexMap::default();
    let mut is_legacy = true;
    for text in texts {
        if let Ok(path) = Path::parse(text) {
            is_legacy &= path.is_legacy();
            paths.insert(text, path);
        }
    }
    let mut all = Vec::new();
    for (text, path) in paths {
        let mut found = json.find(&path)?;
        let answer = if is_legacy {
            let missing = || Fail::with(format!("ERR Path '{text}' does not exist"));
            found.truncate(1);
            Answer::One(found.pop().ok_or_else(missing)?)
        } else {
            Answer::Many(found)
        };
        all.push((text, answer));
    }
    Ok(Answer::Each(all))
}

/// JSON.MGET key [key ...] path
pub fn mget(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let Some((path, keys)) = args[1..].split_last() else { return Err(Fail::arity("json.mget")) };
    let path = PathArg::parse(path);
    let start = ctx.out.len();
    ctx.out.array(keys.len());
    for key in keys {
        let (out, found) = ctx.read(key);
        // Whatever keeps a key from having an answer makes it count as absent.
        let json = document(found).ok().flatten();
        let room = BYTES_MAX.saturating_sub(out.len() - start);
        let answer = json.zip(path.as_ref().ok()).and_then(|(json, path)| answer(json, path).ok());
        match answer.map(|answer| print(&answer, Layout::default(), room)) {
            Some(Ok(text)) => out.bulk(&text),
            None => out.null(),
            Some(Err(_)) => {
                out.truncate(start);
                return Err(TOO_LONG);
            }
        }
    }
    Ok(())
}

/// JSON.TYPE key [path]
pub fn kind(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let json = document(found)?;
    let path = PathArg::at(args, 2);
    let is_legacy = path.as_ref().map_or_else(
        |_| args.get(2).is_none_or(|text| utf8(text).is_ok_and(|text| super::full_text(text).is_some())),
        PathArg::is_legacy,
    );
    // RESP3 has one array more around the answer.
    let wrap = |out: &mut Writer| {
        if out.protocol == Protocol::Resp3 {
            out.array(1);
        }
    };
    let Some(json) = json else {
        wrap(out);
        out.null();
        return Ok(());
    };
    if is_legacy {
        let first = path.ok().and_then(|path| json.find(&path.path).ok()?.first().copied());
        wrap(out);
        match first {
            Some(node) => out.bulk(node.type_name().as_bytes()),
            None => out.null(),
        }
        return Ok(());
    }
    let nodes = json.find(&path?.path)?;
    wrap(out);
    out.array(nodes.len());
    nodes.iter().for_each(|node| out.bulk(node.type_name().as_bytes()));
    Ok(())
}

/// JSON.RESP key [path]
pub fn resp(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let (out, found) = ctx.read(args[1]);
    let Some(json) = document(found)? else {
        out.null();
        return Ok(());
    };
    let path = PathArg::at(args, 2)?;
    let nodes = json.find(&path.path)?;
    if path.is_legacy() {
        write(out, nodes.first().ok_or_else(|| path.missing())?);
        return Ok(());
    }
    let start = out.len();
    out.array(nodes.len());
    for node in nodes {
        write(out, node);
        if out.len() - start > BYTES_MAX {
            out.truncate(start);
            return Err(TOO_LONG);
        }
    }
    Ok(())
}

/// A value as RedisJSON maps it to RESP: arrays and objects are arrays that begin with their bracket.
fn write(out: &mut Writer, node: &Node) {
    match node {
        Node::Null => out.null(),
        Node::Bool(value) => out.simple(if *value { "true" } else { "false" }),
        Node::Int(value) => out.integer(*value),
        Node::Unsigned(value) => out.double(*value as f64),
        Node::Float(value) => out.double(*value),
        Node::String(text) => out.bulk(text.as_bytes()),
        Node::Array(elements) => {
            out.array(1 + elements.len());
            out.simple("[");
            elements.iter().for_each(|element| write(out, element));
        }
        Node::Object(members) => {
            out.array(1 + 2 * members.len());
            out.simple("{");
            for (name, member) in &**members {
                out.bulk(name.as_bytes());
                write(out, member);
            }
        }
    }
}

/// JSON.DEBUG MEMORY key [path]
pub fn debug_memory(ctx: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let bytes = |node: &Node| (size_of::<Node>() + node.size().bytes) as u64;
    let (out, found) = ctx.read(args[2]);
    let json = document(found)?;
    let path = PathArg::at(args, 3)?;
    let nodes = json.map(|json| json.find(&path.path)).transpose()?;
    if !path.is_legacy() {
        let nodes = nodes.unwrap_or_default();
        out.array(nodes.len());
        nodes.into_iter().for_each(|node| out.unsigned(bytes(node)));
        return Ok(());
    }
    match nodes {
        None => out.integer(0),
        Some(nodes) => out.unsigned(bytes(nodes.first().ok_or_else(|| path.missing())?)),
    }
    Ok(())
}
