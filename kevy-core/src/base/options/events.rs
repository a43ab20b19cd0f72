//! The classes of keyspace events, and the option that chooses among them.

use std::borrow::Cow;

use super::kind::OptionSpec;
use super::values::OptionValue;

/// A set of classes of events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EventClasses(pub u32);

macro_rules! classes {
    ($($name:ident = $bit:expr, $letter:expr;)*) => {
        impl EventClasses {
            $(pub const $name: Self = Self(1 << $bit);)*
            /// Each class with its letter.
            const LETTERS: &'static [(Self, char)] = &[$((Self::$name, $letter)),*];
        }
    };
}

classes! {
    GENERIC = 0, 'g';
    STRING = 1, '$';
    LIST = 2, 'l';
    SET = 3, 's';
    HASH = 4, 'h';
    SORTED_SET = 5, 'z';
    EXPIRED = 6, 'x';
    EVICTED = 7, 'e';
    STREAM = 8, 't';
    MODULE = 9, 'd';
    NEW = 10, 'n';
    KEYSPACE = 11, 'K';
    KEYEVENT = 12, 'E';
    KEY_MISS = 13, 'm';
}

impl EventClasses {
    /// What the letter `A` stands for.
    const ALL: Self = Self((1 << 10) - 1);

    /// Whether one of `others` is among them.
    #[inline]
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The same where any event is sent anywhere, else none.
    pub fn effective(self) -> Self {
        if self.has(Self(Self::KEYSPACE.0 | Self::KEYEVENT.0)) { self } else { Self(0) }
    }
}

impl OptionValue for EventClasses {
    fn set(&mut self, text: &str, _: &OptionSpec) -> Result<(), Cow<'static, str>> {
        let mut classes = 0;
        for letter in text.chars() {
            classes |= match letter {
                'A' => Self::ALL.0,
                _ => match Self::LETTERS.iter().find(|(_, known)| *known == letter) {
                    Some((class, _)) => class.0,
                    None => return Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
                },
            };
        }
        self.0 = classes;
        Ok(())
    }

    /// The letters in the order in which Redis shows them, which leaves out `n` behind `A`.
    fn text(&self, _: &OptionSpec) -> String {
        let is_all = self.0 & Self::ALL.0 == Self::ALL.0;
        let hidden = if is_all { Self::ALL.0 | Self::NEW.0 } else { 0 };
        let shown = Self::LETTERS.iter().filter(|(class, _)| self.has(*class) && hidden & class.0 == 0);
        let letters: String = shown.map(|(_, letter)| letter).collect();
        if is_all { format!("A{letters}") } else { letters }
    }
}
