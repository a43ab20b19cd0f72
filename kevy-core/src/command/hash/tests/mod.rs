mod effects;
mod expiry;
mod reference;
