//! SORT and SORT_RO: the elements of a list, a set or a sorted set in another order, or what they lead to.

mod arguments;
mod order;
mod pattern;

pub use arguments::SortArguments;

use pattern::Pattern;

use smallvec::SmallVec;

use crate::base::ArgvBuf;
use crate::command::notify::event;
use crate::command::{Context, Fail, Outcome};
use crate::store::{End, List, ValueRef};

/// Elements of one effect that stores a result.
const EFFECT_ELEMENTS_MAX: usize = 128;

/// SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE destination]
pub fn sort(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let arguments = SortArguments::parse(&args[2..], true)?;
    check_patterns(context, args, &arguments)?;
    run(context, args[1], arguments)
}

/// SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]
pub fn sort_ro(context: &mut Context<'_>, args: &[&[u8]]) -> Outcome {
    let arguments = SortArguments::parse(&args[2..], false)?;
    check_patterns(context, args, &arguments)?;
    run(context, args[1], arguments)
}

/// Refuses patterns to a user who may not read every key: which keys they lead to depends on the elements.
fn check_patterns(context: &Context<'_>, args: &[&[u8]], arguments: &SortArguments<'_>) -> Outcome {
    if context.session.user.is_free() {
        return Ok(());
    }
    let denied = if arguments.by.as_ref().is_some_and(Pattern::names_keys) {
        Fail::new("ERR BY option of SORT denied due to insufficient ACL permissions.")
    } else if !arguments.gets.is_empty() {
        Fail::new("ERR GET option of SORT denied due to insufficient ACL permissions.")
    } else {
        return Ok(());
    };
    let commands = &context.server.commands;
    let may = commands.find(args).is_some_and(|number| {
        context.session.user.may_read_every_key(number, &commands.command(number).spec, args)
    });
    if may { Ok(()) } else { Err(denied) }
}

fn run(context: &mut Context<'_>, key: &[u8], mut arguments: SortArguments<'_>) -> Outcome {
    let elements = load(context, key, &mut arguments)?;
    let (start, count) = arguments.range(elements.len());
    let chosen = if arguments.keeps_order {
        // Only what is wanted was loaded.
        (0..elements.len()).collect()
    } else {
        let mut order = order::order(context, &elements, &arguments)?;
        order.truncate(start + count);
        order.drain(..start);
        order
    };
    let chosen = chosen.iter().filter_map(|&at| elements.as_argv().get(at));
    match arguments.destination {
        None => reply(context, chosen, &arguments),
        Some(destination) => return store(context, chosen, &arguments, destination),
    }
    Ok(())
}

/// The elements that a key holds: all if they are to be sorted, or else those that are wanted, in their order.
fn load(context: &mut Context<'_>, key: &[u8], arguments: &mut SortArguments<'_>) -> Result<ArgvBuf, Fail> {
    let mut elements = ArgvBuf::default();
    let is_lasting = arguments.destination.is_some() || context.session.in_script;
    let (_, found) = context.read(key);
    let Some(found) = found else { return Ok(elements) };
    if arguments.keeps_order && is_lasting && matches!(found.value(), ValueRef::Set(_)) {
        // What is stored, or decides what a script does, has an order, and the one that a set has by chance would be another
        // on every server.
        (arguments.keeps_order, arguments.by, arguments.is_alpha) = (false, None, true);
    }
    let is_backward = arguments.keeps_order && arguments.is_descending;
    let range = |len| if arguments.keeps_order { arguments.range(len) } else { (0, len) };
    match found.value() {
        ValueRef::List(list) => {
            let (start, count) = range(list.len());
            let (first, from) = match is_backward {
                true => (list.len().saturating_sub(1 + start), End::Tail),
                false => (start, End::Head),
            };
            list.iter_from(first, from).take(count).for_each(|element| elements.push(&element));
        }
        ValueRef::SortedSet(set) => {
            let (start, count) = range(set.len());
            if is_backward {
                let end = set.len() - start;
                set.range(end - count..end).rev().for_each(|element| elements.push(&element.member));
            } else {
                set.range(start..start + count).for_each(|element| elements.push(&element.member));
            }
        }
        ValueRef::Set(set) => {
            let (start, count) = range(set.len());
            set.iter().skip(start).take(count).for_each(|member| elements.push(&member));
        }
        _ => return Err(Fail::WRONG_TYPE),
    }
    Ok(elements)
}

fn reply<'a>(
    context: &mut Context<'_>,
    chosen: impl Iterator<Item = &'a [u8]> + Clone,
    arguments: &SortArguments<'_>,
) {
    let per_element = arguments.gets.len().max(1);
    context.out.array(chosen.clone().count() * per_element);
    for element in chosen {
        if arguments.gets.is_empty() {
            context.out.bulk(element);
        }
        for pattern in &arguments.gets {
            pattern.look_up(context, element, |out, value| match value {
                Some(value) => out.bulk(value),
                None => out.null(),
            });
        }
    }
}

/// Makes `destination` a list of the result; what an element does not lead to is an empty string there.
fn store<'a>(
    context: &mut Context<'_>,
    chosen: impl Iterator<Item = &'a [u8]>,
    arguments: &SortArguments<'_>,
    destination: &[u8],
) -> Outcome {
    let mut result = ArgvBuf::default();
    for element in chosen {
        if arguments.gets.is_empty() {
            result.push(element);
        }
        for pattern in &arguments.gets {
            pattern.look_up(context, element, |_, value| result.push(value.unwrap_or_default()));
        }
    }
    let (db, now) = (context.session.db, context.now);
    let Context { out, partitions, .. } = context;
    let partition = partitions.at(destination);
    let was_there = partition.keyspace.remove(db, destination, now);
    if was_there {
        partition.effects.push(db, &[b"DEL", destination]);
    }
    if !result.is_empty() {
        partition.keyspace.edit(db, destination, now, true, |list: &mut List, limits, _| {
            result.as_argv().iter().for_each(|element| list.push(End::Tail, element, limits.list));
            ((), true)
        })?;
    }
    if !result.is_empty() {
        partition.notify(db, event::SORTSTORE, destination);
    } else if was_there {
        partition.notify(db, event::DEL, destination);
    }
    out.unsigned(result.len() as u64);
    if result.is_empty() || !partition.effects.wants() {
        return Ok(());
    }
    let mut elements = result.as_argv().iter();
    while elements.len() > 0 {
        let mut argv: SmallVec<[&[u8]; EFFECT_ELEMENTS_MAX]> = SmallVec::new();
        argv.extend([&b"RPUSH"[..], destination]);
        argv.extend(elements.by_ref().take(EFFECT_ELEMENTS_MAX));
        partition.effects.push(db, &argv);
    }
    Ok(())
}
