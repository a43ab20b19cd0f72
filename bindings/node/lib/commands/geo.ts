// Places on the earth, in sorted sets.

import {
  append,
  type Arg,
  type Builder,
  type Builders,
  command,
  entriesOf,
  given,
  isPlain,
  type Key,
  type Named,
  type Numeric,
  type Out,
  type Several,
  verb,
  verbs,
} from "../command.js";
import type {
  GeoAddOptions,
  GeoRadiusByMemberOptions,
  GeoRadiusByMemberRoOptions,
  GeoRadiusOptions,
  GeoRadiusRoOptions,
  GeoSearchOptions,
  GeoSearchStoreOptions,
} from "./options.js";

/** Metres, kilometres, feet or miles. */
export type GeoUnit = "M" | "KM" | "FT" | "MI" | "m" | "km" | "ft" | "mi";
/** Degrees. */
export type Position = [longitude: number, latitude: number];
/** Places to add, by their names: `{ Palermo: [13.361389, 38.115556] }`. */
export type Places = Named<readonly [longitude: Numeric, latitude: Numeric]>;

/** What a search gives for each place: its name, or where it was asked for more, the name with all of that. */
export type GeoFound<Options> = Options extends { withdist: true } | { withhash: true } | { withcoord: true }
  ? [
      member: string,
      ...(Options extends { withdist: true } ? [distance: number] : []),
      ...(Options extends { withhash: true } ? [hash: number] : []),
      ...(Options extends { withcoord: true } ? [position: Position] : []),
    ]
  : string;
/** What a search gives whose options stand among its arguments. */
export type GeoFoundAny = string | [member: string, ...(number | Position)[]];
/** With a key to store in, a search gives how many places it found. */
type Radius<Options> = Options extends { store: {} } | { storedist: {} } ? number : GeoFound<Options>[];

/** Commands whose replies are numbers and states. */
export interface GeoMethods<Form> {
  /** Adds places and gives how many are new: `geoadd("sicily", { Palermo: [13.361389, 38.115556] }, { nx: true })`. */
  geoadd(key: Key, ...args: [places: Places, options?: GeoAddOptions] | Arg[]): Out<Form, number>;
  /** The distance between two places, in metres where no unit is given. */
  geodist(key: Key, member1: Arg, member2: Arg, unit?: GeoUnit): Out<Form, number | null>;
  /** Where places are. */
  geopos(key: Key, ...members: Several<Arg>): Out<Form, (Position | null)[]>;
  /** Stores the places that a search finds, with `storedist` by their distances, and gives how many they are. */
  geosearchstore(destination: Key, source: Key, ...search: [GeoSearchStoreOptions] | Arg[]): Out<Form, number>;
}

/** Commands whose replies are values: each has a twin that gives Buffers. */
export interface GeoValues<Form> {
  /** The geohashes of places. */
  geohash(key: Key, ...members: Several<Arg>): Out<Form, (string | null)[]>;
  /** The places around a point. GEOSEARCH is its newer form. */
  georadius<const Options extends GeoRadiusOptions = {}>(
    key: Key,
    longitude: Numeric,
    latitude: Numeric,
    radius: Numeric,
    unit: GeoUnit,
    options?: Options,
  ): Out<Form, Radius<Options>>;
  georadius(
    key: Key,
    longitude: Numeric,
    latitude: Numeric,
    radius: Numeric,
    unit: GeoUnit,
    ...options: Arg[]
  ): Out<Form, GeoFoundAny[] | number>;
  /** As `georadius`, which can only read. */
  georadius_ro<const Options extends GeoRadiusRoOptions = {}>(
    key: Key,
    longitude: Numeric,
    latitude: Numeric,
    radius: Numeric,
    unit: GeoUnit,
    options?: Options,
  ): Out<Form, GeoFound<Options>[]>;
  georadius_ro(
    key: Key,
    longitude: Numeric,
    latitude: Numeric,
    radius: Numeric,
    unit: GeoUnit,
    ...options: Arg[]
  ): Out<Form, GeoFoundAny[]>;
  /** The places around a place. GEOSEARCH is its newer form. */
  georadiusbymember<const Options extends GeoRadiusByMemberOptions = {}>(
    key: Key,
    member: Arg,
    radius: Numeric,
    unit: GeoUnit,
    options?: Options,
  ): Out<Form, Radius<Options>>;
  georadiusbymember(
    key: Key,
    member: Arg,
    radius: Numeric,
    unit: GeoUnit,
    ...options: Arg[]
  ): Out<Form, GeoFoundAny[] | number>;
  /** As `georadiusbymember`, which can only read. */
  georadiusbymember_ro<const Options extends GeoRadiusByMemberRoOptions = {}>(
    key: Key,
    member: Arg,
    radius: Numeric,
    unit: GeoUnit,
    options?: Options,
  ): Out<Form, GeoFound<Options>[]>;
  georadiusbymember_ro(
    key: Key,
    member: Arg,
    radius: Numeric,
    unit: GeoUnit,
    ...options: Arg[]
  ): Out<Form, GeoFoundAny[]>;
  /**
   * The places within a circle or a box around a place or a point:
   * `geosearch("sicily", { fromlonlat: [15, 37], byradius: [200, "km"], asc: true, withdist: true })`.
   */
  geosearch<const Options extends GeoSearchOptions>(key: Key, search: Options): Out<Form, GeoFound<Options>[]>;
  geosearch(key: Key, ...search: Arg[]): Out<Form, GeoFoundAny[]>;
}

/** Positions stand before names on the wire. */
const geoadd: Builder = (key: Key, ...args: unknown[]) => {
  const [places, ...options] = args;
  if (!isPlain(places)) {
    return command(append(["GEOADD", key], "GEOADD", args));
  }
  const argv = append(["GEOADD", key], "GEOADD", given(options));
  for (const [member, [longitude, latitude]] of entriesOf(places as Places)) {
    argv.push(longitude, latitude, member);
  }
  return command(argv);
};

/** Distances come as text with four decimals. */
function numbers(reply: unknown): unknown {
  if (Array.isArray(reply)) {
    for (const found of reply) {
      if (Array.isArray(found) && (typeof found[1] === "string" || Buffer.isBuffer(found[1]))) {
        found[1] = Number(String(found[1]));
      }
    }
  }
  return reply;
}

/** @internal */
export const geo: Builders<GeoMethods<unknown>> = {
  ...verbs("geopos", "geosearchstore"),
  geoadd,
  geodist: verb("GEODIST", 3, (reply: string | null) => (reply === null ? null : Number(reply))),
};

/** @internal */
export const geoValues: Builders<GeoValues<unknown>> = {
  ...verbs("geohash"),
  georadius: verb("GEORADIUS", 5, numbers),
  georadius_ro: verb("GEORADIUS_RO", 5, numbers),
  georadiusbymember: verb("GEORADIUSBYMEMBER", 4, numbers),
  georadiusbymember_ro: verb("GEORADIUSBYMEMBER_RO", 4, numbers),
  geosearch: verb("GEOSEARCH", 1, numbers),
};
