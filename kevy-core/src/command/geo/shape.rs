//! Distances on the earth, and circles and boxes that places lie in.

use super::cell::{Cell, Place, STEPS_MAX};

/// The earth is taken for a sphere of this radius.
const EARTH_RADIUS_METERS: f64 = 6_372_797.560_856;
/// Half of the equator in the projection that cells are of.
const MERCATOR_MAX_METERS: f64 = 20_037_726.37;

/// The form of an area around a place, in meters.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Form {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

/// An area around a place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shape {
    pub center: Place,
    pub form: Form,
}

/// The distance of two places in meters, by the haversine formula.
pub fn distance(a: Place, b: Place) -> f64 {
    let half_sine = |from: f64, to: f64| ((to.to_radians() - from.to_radians()) / 2.0).sin();
    let v = half_sine(a.longitude, b.longitude);
    if v == 0.0 {
        return latitude_distance(a.latitude, b.latitude);
    }
    let u = half_sine(a.latitude, b.latitude);
    let chord = u * u + a.latitude.to_radians().cos() * b.latitude.to_radians().cos() * v * v;
    2.0 * EARTH_RADIUS_METERS * chord.sqrt().asin()
}

fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_METERS * (b.to_radians() - a.to_radians()).abs()
}

impl Shape {
    /// The distance of a place from the center in meters, if the place lies in the area.
    pub fn distance_to(&self, place: Place) -> Option<f64> {
        match self.form {
            Form::Circle { radius } => Some(distance(self.center, place)).filter(|far| *far <= radius),
            Form::Box { width, height } => {
                if latitude_distance(place.latitude, self.center.latitude) > height / 2.0 {
                    return None;
                }
                let beside = Place { longitude: self.center.longitude, ..place };
                (distance(place, beside) <= width / 2.0).then(|| distance(self.center, place))
            }
        }
    }

    /// The cells that the area lies in, its middle first and none twice in a row.
    pub fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut steps = self.steps();
        let mut middle = Cell::around(self.center, steps);
        // An area near the edge of its cell may reach beyond the cells beside it.
        let is_covered = middle.moved(0, 1).area().latitude.1 >= bounds.north
            && middle.moved(0, -1).area().latitude.0 <= bounds.south
            && middle.moved(1, 0).area().longitude.1 >= bounds.east
            && middle.moved(-1, 0).area().longitude.0 <= bounds.west;
        if steps > 1 && !is_covered {
            steps -= 1;
            middle = Cell::around(self.center, steps);
        }
        let area = middle.area();
        let is_needed = |east: i32, north: i32| {
            steps < 2
                || !((north < 0 && area.latitude.0 < bounds.south)
                    || (north > 0 && area.latitude.1 > bounds.north)
                    || (east < 0 && area.longitude.0 < bounds.west)
                    || (east > 0 && area.longitude.1 > bounds.east))
        };
        let mut cells = vec![middle];
        for (east, north) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
            let cell = middle.moved(east, north);
            // The middle itself may come again, as it may in Redis.
            let is_repeated = cells.len() > 1 && cells.last() == Some(&cell);
            if is_needed(east, north) && !is_repeated {
                cells.push(cell);
            }
        }
        cells
    }

    fn bounds(&self) -> Bounds {
        let (half_width, half_height) = match self.form {
            Form::Circle { radius } => (radius, radius),
            Form::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let Place { longitude, latitude } = self.center;
        let to_north = (half_height / EARTH_RADIUS_METERS).to_degrees();
        // A degree of longitude is shortest on the side of the pole.
        let widest = if latitude < 0.0 { latitude - to_north } else { latitude + to_north };
        let to_east = (half_width / EARTH_RADIUS_METERS / widest.to_radians().cos()).to_degrees();
        Bounds {
            west: longitude - to_east,
            east: longitude + to_east,
            south: latitude - to_north,
            north: latitude + to_north,
        }
    }

    /// Steps of cells of which nine hold the area in most cases.
    fn steps(&self) -> u32 {
        let mut reach = match self.form {
            Form::Circle { radius } => radius,
            Form::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        // Anything below a centimeter is no larger than the smallest cell.
        if reach < 0.01 {
            return STEPS_MAX;
        }
        let mut steps = 1i32;
        while reach < MERCATOR_MAX_METERS {
            reach *= 2.0;
            steps += 1;
        }
        let latitude = self.center.latitude.abs();
        steps -= 2 + i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
        steps.clamp(1, STEPS_MAX as i32) as u32
    }
}

/// The sides of an area in degrees.
struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}
