// Places.

const Palermo = [13.361389, 38.115556];
const Catania = [15.087269, 37.502669];
const near = ([longitude, latitude], [x, y]) => Math.abs(longitude - x) < 1e-5 && Math.abs(latitude - y) < 1e-5;
const places = [(db) => db.geoadd("g", { Palermo, Catania }), `GEOADD g ${Palermo.join(" ")} Palermo ${Catania.join(" ")} Catania`, 2];
/** GEORADIUS in its four forms, with the words that each of them has. */
const around = ["GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"].flatMap((verb) => {
  const center = verb.includes("BYMEMBER") ? ["Palermo"] : Palermo;
  const call = (...args) => [(db) => db[verb.toLowerCase()]("g", ...center, ...args)];
  const words = `${verb} g ${center.join(" ")}`;
  return [
    [...call(200, "km"), `${words} 200 km`, (reply) => reply.length === 2],
    [...call(1, "M", { asc: true }), `${words} 1 M ASC`, ["Palermo"]],
    [...call(999, "KM", { desc: true, count: 1, any: true }), `${words} 999 KM COUNT 1 ANY DESC`, (reply) => reply.length === 1],
    [
      ...call(200, "mi", { withdist: true, withhash: true, withcoord: true, asc: true }),
      `${words} 200 mi WITHCOORD WITHDIST WITHHASH ASC`,
      ([[name, distance, hash, position]]) => String(name) === "Palermo" && distance < 1 && Number.isInteger(hash) && near(position, Palermo),
    ],
    [...call(9, "FT", "WITHDIST"), `${words} 9 FT WITHDIST`, ([[, distance]]) => typeof distance === "number"],
    [...call(9, "MI"), `${words} 9 MI`, ["Palermo"]],
    ...(verb.endsWith("_RO")
      ? []
      : [
          [...call(200, "km", { store: "out" }), `${words} 200 km STORE out`, 2],
          [...call(200, "km", { storedist: "out" }), `${words} 200 km STOREDIST out`, 2],
        ]),
  ];
});

export default {
  "places": [
    places,
    [(db) => db.geoadd("g", new Map([["Palermo", Palermo]]), { ch: true, nx: true }), `GEOADD g NX CH ${Palermo.join(" ")} Palermo`, 0],
    [(db) => db.geoadd("g", "XX", ...Catania, "Catania"), `GEOADD g XX ${Catania.join(" ")} Catania`, 0],
    [(db) => db.geodist("g", "Palermo", "Catania"), "GEODIST g Palermo Catania", 166274.1516],
    ...["M", "KM", "FT", "MI"].map((unit) => [(db) => db.geodist("g", "Palermo", "Catania", unit), `GEODIST g Palermo Catania ${unit}`, (reply) => reply > 100]),
    [(db) => db.geodist("g", "Palermo", "none"), "GEODIST g Palermo none", null],
    [(db) => db.geohash("g", "Palermo", "none"), "GEOHASH g Palermo none", ["sqc8b49rny0", null]],
    [(db) => db.geopos("g", "Palermo", "none"), "GEOPOS g Palermo none", ([position, none]) => near(position, Palermo) && none === null],
  ],
  "searches": [
    places,
    [
      (db) => db.geosearch("g", { withdist: true, asc: true, byradius: [200, "km"], fromlonlat: [15, 37] }),
      "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST",
      [["Catania", 56.4413], ["Palermo", 190.4424]],
    ],
    [
      (db) => db.geosearch("g", { frommember: "Palermo", bybox: [400, 400, "km"], desc: true, count: 1, any: true }),
      "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km DESC COUNT 1 ANY",
      (reply) => reply.length === 1,
    ],
    [
      (db) => db.geosearch("g", { frommember: "Palermo", byradius: [1, "M"], withcoord: true, withhash: true }),
      "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 M WITHCOORD WITHHASH",
      ([[name, hash, position]]) => String(name) === "Palermo" && Number.isInteger(hash) && near(position, Palermo),
    ],
    ...["FT", "MI"].map((unit) => [(db) => db.geosearch("g", "FROMMEMBER", "Palermo", "BYRADIUS", 1, unit), `GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 ${unit}`, ["Palermo"]]),
    [
      (db) => db.geosearchstore("out", "g", { frommember: "Palermo", byradius: [200, "KM"], asc: true, count: 2, any: true }),
      "GEOSEARCHSTORE out g FROMMEMBER Palermo BYRADIUS 200 KM ASC COUNT 2 ANY",
      2,
    ],
    ...["M", "FT", "MI"].map((unit) => [
      (db) => db.geosearchstore("out", "g", { fromlonlat: Palermo, bybox: [9, 9, unit], desc: true, storedist: true }),
      `GEOSEARCHSTORE out g FROMLONLAT ${Palermo.join(" ")} BYBOX 9 9 ${unit} DESC STOREDIST`,
      1,
    ]),
  ],
  "around a point or a place": [places, ...around],
};
