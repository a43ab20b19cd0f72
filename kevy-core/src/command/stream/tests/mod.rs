mod effects;
mod groups;
mod reference;
