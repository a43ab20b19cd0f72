//! Verbs of places on the earth.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Answer, Any, ask, verbs};
use crate::argument::Call;
use crate::reply::Shape;

/// COUNT with ANY behind it.
fn count_of<'py>(call: &mut Call<'py>, count: Option<&Any<'py>>, any: bool) {
    match count {
        Some(count) => {
            call.word("COUNT").arg(count).flag("ANY", any);
        }
        None if any => call.fail(PyValueError::new_err("any needs count")),
        None => {}
    }
}

/// What the older searches have in common, from the radius on.
struct Around<'a, 'py> {
    radius: &'a Any<'py>,
    unit: Option<&'a Any<'py>>,
    details: [bool; 3],
    count: Option<&'a Any<'py>>,
    any: bool,
    sort: Option<&'a Any<'py>>,
    store: Option<&'a Any<'py>>,
    store_dist: Option<&'a Any<'py>>,
}

impl<'py> Around<'_, 'py> {
    fn add(&self, call: &mut Call<'py>) {
        let [dist, coord, hash] = self.details;
        call.arg(self.radius).either(self.unit, "m");
        call.flag("WITHDIST", dist).flag("WITHCOORD", coord).flag("WITHHASH", hash);
        count_of(call, self.count, self.any);
        call.maybe(self.sort).option("STORE", self.store).option("STOREDIST", self.store_dist);
    }
}

/// What GEOSEARCH and GEOSEARCHSTORE have in common.
struct Area<'a, 'py> {
    member: Option<&'a Any<'py>>,
    longitude: Option<&'a Any<'py>>,
    latitude: Option<&'a Any<'py>>,
    unit: Option<&'a Any<'py>>,
    radius: Option<&'a Any<'py>>,
    width: Option<&'a Any<'py>>,
    height: Option<&'a Any<'py>>,
    sort: Option<&'a Any<'py>>,
    count: Option<&'a Any<'py>>,
    any: bool,
}

impl<'py> Area<'_, 'py> {
    fn add(&self, call: &mut Call<'py>) {
        call.option("FROMMEMBER", self.member);
        match (self.longitude, self.latitude) {
            (Some(longitude), Some(latitude)) => {
                call.word("FROMLONLAT").arg(longitude).arg(latitude);
            }
            (None, None) if self.member.is_some() => {}
            _ => {
                call.fail(PyValueError::new_err("a search starts at a member or at a longitude and latitude"))
            }
        }
        if let Some(radius) = self.radius {
            call.word("BYRADIUS").arg(radius).either(self.unit, "m");
        }
        match (self.width, self.height) {
            (Some(width), Some(height)) => {
                call.word("BYBOX").arg(width).arg(height).either(self.unit, "m");
            }
            (None, None) if self.radius.is_some() => {}
            _ => call.fail(PyValueError::new_err("a search has a radius or a width and height")),
        }
        call.maybe(self.sort);
        count_of(call, self.count, self.any);
    }
}

verbs! {{
    /// Adds places, given as a flat sequence of longitude, latitude and member; returns how many are new or, with
    /// `ch`, changed.
    #[pyo3(signature = (name, values, nx=false, xx=false, ch=false))]
    fn geoadd<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        values: &Any<'py>,
        nx: bool,
        xx: bool,
        ch: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("GEOADD");
        ask(slf, call.arg(name).flag("NX", nx).flag("XX", xx).flag("CH", ch).args(values), Shape::Plain)
    }

    /// The distance of two members in metres or `unit` (km, mi, ft), or None.
    #[pyo3(signature = (name, place1, place2, unit=None))]
    fn geodist<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        place1: &Any<'py>,
        place2: &Any<'py>,
        unit: Option<&Any<'py>>,
    ) -> Answer<'py> {
        ask(slf, Call::new("GEODIST").arg(name).arg(place1).arg(place2).maybe(unit), Shape::Float)
    }

    /// The geohashes of members as text, None where there is none.
    #[pyo3(signature = (name, *values))]
    fn geohash<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("GEOHASH").arg(name).args(values), Shape::Text)
    }

    /// The longitudes and latitudes of members, None where there is none.
    #[pyo3(signature = (name, *values))]
    fn geopos<'py>(slf: &Bound<'py, Self>, name: &Any<'py>, values: &Bound<'py, PyTuple>) -> Answer<'py> {
        ask(slf, Call::new("GEOPOS").arg(name).args(values), Shape::Positions)
    }

    /// The members within a radius of a point, or with `store` or `store_dist` how many were stored.
    #[pyo3(signature = (
        name, longitude, latitude, radius, unit=None, withdist=false, withcoord=false, withhash=false, count=None,
        sort=None, store=None, store_dist=None, any=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn georadius<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        longitude: &Any<'py>,
        latitude: &Any<'py>,
        radius: &Any<'py>,
        unit: Option<&Any<'py>>,
        withdist: bool,
        withcoord: bool,
        withhash: bool,
        count: Option<&Any<'py>>,
        sort: Option<&Any<'py>>,
        store: Option<&Any<'py>>,
        store_dist: Option<&Any<'py>>,
        any: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("GEORADIUS");
        call.arg(name).arg(longitude).arg(latitude);
        let details = [withdist, withcoord, withhash];
        Around { radius, unit, details, count, any, sort, store, store_dist }.add(&mut call);
        ask(slf, &mut call, Shape::Places)
    }

    /// The members within a radius of a member, or with `store` or `store_dist` how many were stored.
    #[pyo3(signature = (
        name, member, radius, unit=None, withdist=false, withcoord=false, withhash=false, count=None, sort=None,
        store=None, store_dist=None, any=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn georadiusbymember<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        member: &Any<'py>,
        radius: &Any<'py>,
        unit: Option<&Any<'py>>,
        withdist: bool,
        withcoord: bool,
        withhash: bool,
        count: Option<&Any<'py>>,
        sort: Option<&Any<'py>>,
        store: Option<&Any<'py>>,
        store_dist: Option<&Any<'py>>,
        any: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("GEORADIUSBYMEMBER");
        call.arg(name).arg(member);
        let details = [withdist, withcoord, withhash];
        Around { radius, unit, details, count, any, sort, store, store_dist }.add(&mut call);
        ask(slf, &mut call, Shape::Places)
    }

    /// The members within a radius or a box around a member or a point.
    #[pyo3(signature = (
        name, member=None, longitude=None, latitude=None, unit=None, radius=None, width=None, height=None,
        sort=None, count=None, any=false, withcoord=false, withdist=false, withhash=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn geosearch<'py>(
        slf: &Bound<'py, Self>,
        name: &Any<'py>,
        member: Option<&Any<'py>>,
        longitude: Option<&Any<'py>>,
        latitude: Option<&Any<'py>>,
        unit: Option<&Any<'py>>,
        radius: Option<&Any<'py>>,
        width: Option<&Any<'py>>,
        height: Option<&Any<'py>>,
        sort: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        any: bool,
        withcoord: bool,
        withdist: bool,
        withhash: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("GEOSEARCH");
        call.arg(name);
        Area { member, longitude, latitude, unit, radius, width, height, sort, count, any }.add(&mut call);
        call.flag("WITHDIST", withdist).flag("WITHCOORD", withcoord).flag("WITHHASH", withhash);
        ask(slf, &mut call, Shape::Places)
    }

    /// Stores the members within a radius or a box around a member or a point, with `storedist` by their distance;
    /// returns how many.
    #[pyo3(signature = (
        dest, name, member=None, longitude=None, latitude=None, unit=None, radius=None, width=None, height=None,
        sort=None, count=None, any=false, storedist=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "redis-py's signature")]
    fn geosearchstore<'py>(
        slf: &Bound<'py, Self>,
        dest: &Any<'py>,
        name: &Any<'py>,
        member: Option<&Any<'py>>,
        longitude: Option<&Any<'py>>,
        latitude: Option<&Any<'py>>,
        unit: Option<&Any<'py>>,
        radius: Option<&Any<'py>>,
        width: Option<&Any<'py>>,
        height: Option<&Any<'py>>,
        sort: Option<&Any<'py>>,
        count: Option<&Any<'py>>,
        any: bool,
        storedist: bool,
    ) -> Answer<'py> {
        let mut call = Call::new("GEOSEARCHSTORE");
        call.arg(dest).arg(name);
        Area { member, longitude, latitude, unit, radius, width, height, sort, count, any }.add(&mut call);
        ask(slf, call.flag("STOREDIST", storedist), Shape::Plain)
    }
}}
