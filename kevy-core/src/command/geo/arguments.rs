//! Places, units and distances among the arguments of geo verbs.

use crate::command::Fail;
use crate::command::arguments::is_word;
use crate::command::sorted_set::score;

use super::cell::Place;
use super::shape::Form;

/// A longitude and a latitude.
pub fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place, Fail> {
    let place = Place { longitude: score(longitude)?, latitude: score(latitude)? };
    if !place.is_valid() {
        let Place { longitude, latitude } = place;
        return Err(Fail::with(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}")));
    }
    Ok(place)
}

/// The meters of a unit.
pub fn unit(arg: &[u8]) -> Result<f64, Fail> {
    let units = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let found = units.into_iter().find(|(name, _)| is_word(arg, name));
    found
        .map(|(_, meters)| meters)
        .ok_or(Fail::new("ERR unsupported unit provided. please use M, KM, FT, MI"))
}

/// A number of units.
fn length(arg: &[u8], not_numeric: &'static str) -> Result<f64, Fail> {
    score(arg).map_err(|_| Fail::new(not_numeric))
}

/// A radius and its unit: the form in meters, and the meters of the unit.
pub fn circle(radius: &[u8], unit_name: &[u8]) -> Result<(Form, f64), Fail> {
    let radius = length(radius, "ERR need numeric radius")?;
    if radius < 0.0 {
        return Err(Fail::new("ERR radius cannot be negative"));
    }
    let meters = unit(unit_name)?;
    Ok((Form::Circle { radius: radius * meters }, meters))
}

/// A width, a height and their unit, as [`circle`].
pub fn rectangle(width: &[u8], height: &[u8], unit_name: &[u8]) -> Result<(Form, f64), Fail> {
    let width = length(width, "ERR need numeric width")?;
    let height = length(height, "ERR need numeric height")?;
    if width < 0.0 || height < 0.0 {
        return Err(Fail::new("ERR height or width cannot be negative"));
    }
    let meters = unit(unit_name)?;
    Ok((Form::Box { width: width * meters, height: height * meters }, meters))
}
