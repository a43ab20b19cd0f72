mod damaged;
mod effects;
mod reference;
