mod effects;
mod reference;
mod shards;
