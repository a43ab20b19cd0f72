//! What becomes of the log where the keys are replaced by others that it does not tell of.
//!
//! At that instant, with all shards held, the writers go on in files that no manifest names: a crash finds what was there
//! before. A rewrite of its own accord makes a base of the new keys then, and takes the place of all that was.

use crate::base::{Error, Result};
use crate::shard::Shard;

use super::control::{AppendLog, Phase, State};

impl State {
    /// A number that no file has.
    pub(super) fn take_sequence(&mut self) -> u64 {
        self.last_sequence = self.manifest.next_sequence().max(self.last_sequence + 1);
        self.last_sequence
    }
}

impl AppendLog {
    /// Makes the files that [`AppendLog::replace`] goes on with, if there is a log. The caller holds no token.
    ///
    /// # Errors
    /// Where they cannot be made.
    pub fn prepare_replacement(&self) -> Result<()> {
        let settings = self.settings.lock().clone();
        if !settings.enabled || self.state.lock().prepared.is_some() {
            return Ok(());
        }
        let sequence = self.state.lock().take_sequence();
        let made =
            std::fs::create_dir_all(&settings.folder).and_then(|()| self.make_group(&settings, sequence));
        let group = made.map_err(|error| Error::io("cannot add files to the append-only log", &error))?;
        self.state.lock().prepared = Some(group);
        Ok(())
    }

    /// Takes note that the shards, which are all of them and held, get other keys now. False where the files for that have
    /// to be made first, and nothing has changed then.
    pub fn replace<'a>(&self, shards: impl IntoIterator<Item = &'a mut Shard>) -> bool {
        let mut group = {
            let mut state = self.state.lock();
            let Some(group) = state.prepared.take() else { return state.phase == Phase::Off };
            if state.phase == Phase::Off {
                drop(state);
                self.remove_all(&group.paths);
                return true;
            }
            state.replacements += 1;
            state.phase = Phase::Starting;
            state.unlisted.extend(group.paths.iter().cloned());
            group
        };
        for (shard, roll) in shards.into_iter().zip(&mut group.rolls) {
            if let Some(roll) = roll.take() {
                self.give(shard, roll, true);
            }
        }
        self.apply_policy();
        self.disk.pass("keys-replaced");
        self.common.kick();
        true
    }
}
