//! Replies that leave only when what they tell of is on disk.
//!
//! At the end of a turn all its replies are held for one goal. Turns are let go in order: none waits for less than one
//! before it.

use std::collections::VecDeque;

use slab::Slab;

use crate::dispatch::{Engine, Goal, Standing, Subscription, fail_replies};

use super::connection::{Connection, Held};

/// The replies of a turn.
#[derive(Debug)]
struct Turn {
    number: u64,
    goal: Goal,
    connections: Vec<usize>,
}

/// The turns of a reactor whose replies wait.
#[derive(Debug)]
pub struct DiskWait {
    turns: VecDeque<Turn>,
    next: u64,
    /// Wakes the reactor when more is on disk.
    progress: Subscription,
}

impl DiskWait {
    pub fn new(progress: Subscription) -> Self {
        Self { turns: VecDeque::new(), next: 0, progress }
    }

    /// True where nothing is held, so that all of a connection's output may go.
    pub fn is_idle(&self) -> bool {
        self.turns.is_empty()
    }

    /// Holds what the connections have written since they were here last.
    #[cold]
    pub fn hold(&mut self, engine: &Engine, connections: &mut Slab<Box<Connection>>, dirty: &[usize]) {
        let number = self.next;
        let mut held = Vec::new();
        for &key in dirty {
            let Some(connection) = connections.get_mut(key) else { continue };
            connection.take_messages();
            let end = connection.out.buf.len();
            if connection.upgrade.is_some() {
                connection.safe = end;
            } else if end > connection.accounted() {
                connection.held_for_disk.push_back(Held { turn: number, end, phase: connection.phase });
                held.push(key);
            }
        }
        if held.is_empty() {
            return;
        }
        let horizon = &engine.shards.horizon;
        let goal = horizon.goal();
        if !horizon.has_reached(&goal) {
            horizon.ask(held.len() as u64);
        }
        self.turns.push_back(Turn { number, goal, connections: held });
        self.next += 1;
    }

    /// Lets go what need not wait any more, and adds whose replies those were to `dirty`.
    #[cold]
    pub fn release(
        &mut self,
        engine: &Engine,
        connections: &mut Slab<Box<Connection>>,
        dirty: &mut Vec<usize>,
    ) {
        let horizon = &engine.shards.horizon;
        while let Some(turn) = self.turns.front() {
            let is_reached = horizon.has_reached(&turn.goal) || !horizon.is_strict();
            // Odd while the disk fails: then every connection of the turn stands somewhere.
            if !is_reached && horizon.phase().is_multiple_of(2) {
                return;
            }
            for &key in &turn.connections {
                let Some(connection) = connections.get_mut(key) else { continue };
                let Some(held) = connection.held_for_disk.pop_front_if(|held| held.turn == turn.number)
                else {
                    continue;
                };
                let standing =
                    if is_reached { Standing::Reached } else { horizon.standing(&turn.goal, held.phase) };
                let mut end = held.end;
                if standing == Standing::Failed {
                    let error = engine.log_failure();
                    end = fail_replies(&mut connection.out.buf, connection.safe, held.end, &error);
                    for later in &mut connection.held_for_disk {
                        later.end = later.end + end - held.end;
                    }
                }
                connection.safe = end;
                if !connection.dirty {
                    connection.dirty = true;
                    dirty.push(key);
                }
            }
            self.turns.pop_front();
        }
    }

    /// True where something can be let go now. The reactor is woken when more can, if not.
    pub fn has_ready(&self, engine: &Engine) -> bool {
        let Some(turn) = self.turns.front() else { return false };
        self.progress.arm();
        let horizon = &engine.shards.horizon;
        horizon.has_reached(&turn.goal) || !horizon.is_strict() || !horizon.phase().is_multiple_of(2)
    }
}
