mod effects;
mod reference;
