//! Cells of the earth: longitude and latitude halved in turn, one bit for each half.
//!
//! The bits are those of a geohash (Niemeyer, 2008) over the square of the Web Mercator projection, whose
//! latitudes end at about 85 degrees. 26 steps of two bits make 52, as many as a score holds exactly.

/// Steps of a cell that stands for a place.
pub const STEPS_MAX: u32 = 26;

/// Longitudes there are, in degrees.
const LONGITUDE_MAX: f64 = 180.0;
/// Latitudes there are in scores, in degrees.
const LATITUDE_MAX: f64 = 85.051_128_78;
/// Latitudes there are in the texts that other programs exchange, in degrees.
const LATITUDE_MAX_OF_TEXT: f64 = 90.0;

/// The digits of a geohash text.
const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Digits of a geohash text; 52 bits fill ten of them.
pub const TEXT_LEN: usize = 11;

/// A place on the earth, in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

impl Place {
    /// Whether scores can tell of the place.
    pub fn is_valid(self) -> bool {
        self.longitude.abs() <= LONGITUDE_MAX && self.latitude.abs() <= LATITUDE_MAX
    }

    /// The middle of the cell that a score stands for.
    pub fn of_score(score: f64) -> Self {
        let area = Cell::of_bits(bits_of(score), STEPS_MAX).area();
        let middle = |(min, max): (f64, f64), limit: f64| ((min + max) / 2.0).clamp(-limit, limit);
        Self {
            longitude: middle(area.longitude, LONGITUDE_MAX),
            latitude: middle(area.latitude, LATITUDE_MAX),
        }
    }

    /// The score that stands for the place.
    pub fn score(self) -> f64 {
        Cell::around(self, STEPS_MAX).bits() as f64
    }

    /// The geohash text of the place.
    pub fn text(self) -> [u8; TEXT_LEN] {
        let bits = Cell::encode(self, STEPS_MAX, LATITUDE_MAX_OF_TEXT).bits();
        let digit = |at: usize| match (at + 1) * 5 {
            used @ ..=50 => ALPHABET[(bits >> (52 - used)) as usize & 31],
            // Bits that there are not count as zero.
            _ => ALPHABET[0],
        };
        std::array::from_fn(digit)
    }
}

/// The bits of a score that may never have been a place, as a conversion to 64 bits without a sign makes them on
/// common hardware.
fn bits_of(score: f64) -> u64 {
    const OUT_OF_RANGE: f64 = (1u128 << 64) as f64;
    match score {
        ..0.0 => score as i64 as u64,
        OUT_OF_RANGE.. => 0,
        _ => score as u64,
    }
}

/// Sides of a cell, each from its lesser to its greater degree.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    pub longitude: (f64, f64),
    pub latitude: (f64, f64),
}

/// A cell: its column and row among 2^steps of each, counted from the south-west.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    column: u32,
    row: u32,
    steps: u32,
}

impl Cell {
    /// The cell of so many steps that a place lies in.
    pub fn around(place: Place, steps: u32) -> Self {
        Self::encode(place, steps, LATITUDE_MAX)
    }

    fn encode(place: Place, steps: u32, latitude_max: f64) -> Self {
        let offset = |degrees: f64, limit: f64| {
            let part = (degrees + limit) / (limit + limit);
            (part * (1u64 << steps) as f64) as u32
        };
        let column = offset(place.longitude, LONGITUDE_MAX);
        Self { column, row: offset(place.latitude, latitude_max), steps }
    }

    fn of_bits(bits: u64, steps: u32) -> Self {
        Self { column: gather(bits >> 1), row: gather(bits), steps }
    }

    /// Columns in the odd bits, rows in the even ones.
    fn bits(self) -> u64 {
        spread(self.column) << 1 | spread(self.row)
    }

    /// The scores of the places in the cell: from the first to before the second.
    pub fn scores(self) -> (f64, f64) {
        let shift = 2 * (STEPS_MAX - self.steps);
        ((self.bits() << shift) as f64, ((self.bits() + 1) << shift) as f64)
    }

    /// The cell so many columns to the east and rows to the north, around the edges.
    pub fn moved(self, east: i32, north: i32) -> Self {
        let mask = (1u64 << self.steps) as u32 - 1;
        let along = |at: u32, by: i32| if by == 0 { at } else { at.wrapping_add_signed(by) & mask };
        Self { column: along(self.column, east), row: along(self.row, north), ..self }
    }

    pub fn area(self) -> Area {
        let side = |at: u32, limit: f64| {
            let edge = |at: f64| -limit + (at / (1u64 << self.steps) as f64) * (limit + limit);
            (edge(f64::from(at)), edge(f64::from(at.wrapping_add(1))))
        };
        Area { longitude: side(self.column, LONGITUDE_MAX), latitude: side(self.row, LATITUDE_MAX) }
    }
}

/// Puts a zero before each bit (Warren, "Hacker's Delight", on shuffling bits).
fn spread(value: u32) -> u64 {
    let mut bits = u64::from(value);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// The even bits side by side.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333u64),
        (2, 0x0F0F_0F0F_0F0F_0F0F),
        (4, 0x00FF_00FF_00FF_00FF),
        (8, 0x0000_FFFF_0000_FFFF),
        (16, 0x0000_0000_FFFF_FFFF),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_spread_and_gather() {
        for value in [0, 1, 2, 0x8000_0001, u32::MAX, 0x1234_5678] {
            assert_eq!(gather(spread(value)), value);
            assert_eq!(gather(spread(value) << 1), 0);
        }
    }

    #[test]
    fn cells_wrap_around_the_edges() {
        let corner = Cell { column: 0, row: 3, steps: 2 };
        assert_eq!(corner.moved(-1, 1), Cell { column: 3, row: 0, steps: 2 });
        assert_eq!(corner.moved(1, -1), Cell { column: 1, row: 2, steps: 2 });
    }
}
