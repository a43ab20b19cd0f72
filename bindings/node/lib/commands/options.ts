// Written by scripts/options.mjs from the engine's command table: the optional words of each verb.

import type { Arg, Key, Numeric } from "../command.js";

/** Options of COPY. */
export interface CopyOptions {
  db?: Numeric | undefined;
  replace?: boolean | undefined;
}

/** Options of GEOADD. */
export interface GeoAddOptions {
  nx?: boolean | undefined;
  xx?: boolean | undefined;
  ch?: boolean | undefined;
}

/** Options of GEORADIUS. */
export interface GeoRadiusOptions {
  withcoord?: boolean | undefined;
  withdist?: boolean | undefined;
  withhash?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  store?: Key | undefined;
  storedist?: Key | undefined;
}

/** Options of GEORADIUSBYMEMBER. */
export interface GeoRadiusByMemberOptions {
  withcoord?: boolean | undefined;
  withdist?: boolean | undefined;
  withhash?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  store?: Key | undefined;
  storedist?: Key | undefined;
}

/** Options of GEORADIUSBYMEMBER_RO. */
export interface GeoRadiusByMemberRoOptions {
  withcoord?: boolean | undefined;
  withdist?: boolean | undefined;
  withhash?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
}

/** Options of GEORADIUS_RO. */
export interface GeoRadiusRoOptions {
  withcoord?: boolean | undefined;
  withdist?: boolean | undefined;
  withhash?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
}

/** Options of GEOSEARCH. */
export interface GeoSearchOptions {
  frommember?: Arg | undefined;
  fromlonlat?: readonly [longitude: Numeric, latitude: Numeric] | undefined;
  byradius?: readonly [radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi"] | undefined;
  bybox?: readonly [width: Numeric, height: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi"] | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  withcoord?: boolean | undefined;
  withdist?: boolean | undefined;
  withhash?: boolean | undefined;
}

/** Options of GEOSEARCHSTORE. */
export interface GeoSearchStoreOptions {
  frommember?: Arg | undefined;
  fromlonlat?: readonly [longitude: Numeric, latitude: Numeric] | undefined;
  byradius?: readonly [radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi"] | undefined;
  bybox?: readonly [width: Numeric, height: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi"] | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  count?: Numeric | undefined;
  any?: boolean | undefined;
  storedist?: boolean | undefined;
}

/** Options of GETEX. */
export interface GetExOptions {
  ex?: Numeric | undefined;
  px?: Numeric | undefined;
  exat?: Numeric | undefined;
  pxat?: Numeric | undefined;
  persist?: boolean | undefined;
}

/** Options of HGETEX. */
export interface HGetExOptions {
  ex?: Numeric | undefined;
  px?: Numeric | undefined;
  exat?: Numeric | undefined;
  pxat?: Numeric | undefined;
  persist?: boolean | undefined;
}

/** Options of HSCAN. */
export interface HScanOptions {
  match?: Arg | undefined;
  count?: Numeric | undefined;
  novalues?: boolean | undefined;
}

/** Options of HSETEX. */
export interface HSetExOptions {
  fnx?: boolean | undefined;
  fxx?: boolean | undefined;
  ex?: Numeric | undefined;
  px?: Numeric | undefined;
  exat?: Numeric | undefined;
  pxat?: Numeric | undefined;
  keepttl?: boolean | undefined;
}

/** Options of JSON.GET. */
export interface JsonGetOptions {
  indent?: Arg | undefined;
  newline?: Arg | undefined;
  space?: Arg | undefined;
}

/** Options of JSON.SET. */
export interface JsonSetOptions {
  nx?: boolean | undefined;
  xx?: boolean | undefined;
}

/** Options of LCS. */
export interface LcsOptions {
  len?: boolean | undefined;
  idx?: boolean | undefined;
  minmatchlen?: Numeric | undefined;
  withmatchlen?: boolean | undefined;
}

/** Options of LMPOP. */
export interface LMPopOptions {
  count?: Numeric | undefined;
}

/** Options of LPOS. */
export interface LPosOptions {
  rank?: Numeric | undefined;
  count?: Numeric | undefined;
  maxlen?: Numeric | undefined;
}

/** Options of RESTORE. */
export interface RestoreOptions {
  replace?: boolean | undefined;
  absttl?: boolean | undefined;
  idletime?: Numeric | undefined;
  freq?: Numeric | undefined;
}

/** Options of SCAN. */
export interface ScanOptions {
  match?: Arg | undefined;
  count?: Numeric | undefined;
  type?: Arg | undefined;
}

/** Options of SET. */
export interface SetOptions {
  nx?: boolean | undefined;
  xx?: boolean | undefined;
  get?: boolean | undefined;
  ex?: Numeric | undefined;
  px?: Numeric | undefined;
  exat?: Numeric | undefined;
  pxat?: Numeric | undefined;
  keepttl?: boolean | undefined;
}

/** Options of SINTERCARD. */
export interface SInterCardOptions {
  limit?: Numeric | undefined;
}

/** Options of SORT. */
export interface SortOptions {
  by?: Arg | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
  get?: Arg | readonly Arg[] | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  alpha?: boolean | undefined;
  store?: Key | undefined;
}

/** Options of SORT_RO. */
export interface SortRoOptions {
  by?: Arg | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
  get?: Arg | readonly Arg[] | undefined;
  asc?: boolean | undefined;
  desc?: boolean | undefined;
  alpha?: boolean | undefined;
}

/** Options of SSCAN. */
export interface SScanOptions {
  match?: Arg | undefined;
  count?: Numeric | undefined;
}

/** Options of VADD. */
export interface VAddOptions {
  reduce?: Numeric | undefined;
  fp32?: Arg | undefined;
  values?: readonly [dimension: Numeric, value: Numeric] | undefined;
  cas?: boolean | undefined;
  noquant?: boolean | undefined;
  q8?: boolean | undefined;
  bin?: boolean | undefined;
  ef?: Numeric | undefined;
  setattr?: Arg | undefined;
  m?: Numeric | undefined;
}

/** Options of VSIM. */
export interface VSimOptions {
  ele?: Arg | undefined;
  fp32?: Arg | undefined;
  values?: readonly [dimension: Numeric, value: Numeric] | undefined;
  withscores?: boolean | undefined;
  withattribs?: boolean | undefined;
  count?: Numeric | undefined;
  epsilon?: Numeric | undefined;
  ef?: Numeric | undefined;
  filter?: Arg | undefined;
  "filter-ef"?: Numeric | undefined;
  truth?: boolean | undefined;
  nothread?: boolean | undefined;
}

/** Options of XADD. */
export interface XAddOptions {
  nomkstream?: boolean | undefined;
  keepref?: boolean | undefined;
  delref?: boolean | undefined;
  acked?: boolean | undefined;
  maxlen?: Arg | readonly [operator: "=" | "~", threshold: Arg] | undefined;
  minid?: Arg | readonly [operator: "=" | "~", threshold: Arg] | undefined;
  limit?: Numeric | undefined;
}

/** Options of XAUTOCLAIM. */
export interface XAutoClaimOptions {
  count?: Numeric | undefined;
  justid?: boolean | undefined;
}

/** Options of XCLAIM. */
export interface XClaimOptions {
  idle?: Numeric | undefined;
  time?: Numeric | undefined;
  retrycount?: Numeric | undefined;
  force?: boolean | undefined;
  justid?: boolean | undefined;
  lastid?: Arg | undefined;
}

/** Options of XGROUP CREATE. */
export interface XGroupCreateOptions {
  mkstream?: boolean | undefined;
  entriesread?: Numeric | undefined;
}

/** Options of XGROUP SETID. */
export interface XGroupSetIdOptions {
  entriesread?: Numeric | undefined;
}

/** Options of XRANGE. */
export interface XRangeOptions {
  count?: Numeric | undefined;
}

/** Options of XREAD. */
export interface XReadOptions {
  count?: Numeric | undefined;
  block?: Numeric | undefined;
}

/** Options of XREADGROUP. */
export interface XReadGroupOptions {
  count?: Numeric | undefined;
  block?: Numeric | undefined;
  noack?: boolean | undefined;
}

/** Options of XREVRANGE. */
export interface XRevRangeOptions {
  count?: Numeric | undefined;
}

/** Options of XSETID. */
export interface XSetIdOptions {
  entriesadded?: Numeric | undefined;
  maxdeletedid?: Arg | undefined;
}

/** Options of XTRIM. */
export interface XTrimOptions {
  maxlen?: Arg | readonly [operator: "=" | "~", threshold: Arg] | undefined;
  minid?: Arg | readonly [operator: "=" | "~", threshold: Arg] | undefined;
  limit?: Numeric | undefined;
  keepref?: boolean | undefined;
  delref?: boolean | undefined;
  acked?: boolean | undefined;
}

/** Options of ZADD. */
export interface ZAddOptions {
  nx?: boolean | undefined;
  xx?: boolean | undefined;
  gt?: boolean | undefined;
  lt?: boolean | undefined;
  ch?: boolean | undefined;
  incr?: boolean | undefined;
}

/** Options of ZDIFF. */
export interface ZDiffOptions {
  withscores?: boolean | undefined;
}

/** Options of ZINTER. */
export interface ZInterOptions {
  weights?: Numeric | readonly Numeric[] | undefined;
  aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" | undefined;
  withscores?: boolean | undefined;
}

/** Options of ZINTERCARD. */
export interface ZInterCardOptions {
  limit?: Numeric | undefined;
}

/** Options of ZINTERSTORE. */
export interface ZInterStoreOptions {
  weights?: Numeric | readonly Numeric[] | undefined;
  aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" | undefined;
}

/** Options of ZMPOP. */
export interface ZMPopOptions {
  count?: Numeric | undefined;
}

/** Options of ZRANDMEMBER. */
export interface ZRandMemberOptions {
  withscores?: boolean | undefined;
}

/** Options of ZRANGE. */
export interface ZRangeOptions {
  byscore?: boolean | undefined;
  bylex?: boolean | undefined;
  rev?: boolean | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
  withscores?: boolean | undefined;
}

/** Options of ZRANGEBYLEX. */
export interface ZRangeByLexOptions {
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
}

/** Options of ZRANGEBYSCORE. */
export interface ZRangeByScoreOptions {
  withscores?: boolean | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
}

/** Options of ZRANGESTORE. */
export interface ZRangeStoreOptions {
  byscore?: boolean | undefined;
  bylex?: boolean | undefined;
  rev?: boolean | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
}

/** Options of ZREVRANGE. */
export interface ZRevRangeOptions {
  withscores?: boolean | undefined;
}

/** Options of ZREVRANGEBYLEX. */
export interface ZRevRangeByLexOptions {
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
}

/** Options of ZREVRANGEBYSCORE. */
export interface ZRevRangeByScoreOptions {
  withscores?: boolean | undefined;
  limit?: readonly [offset: Numeric, count: Numeric] | undefined;
}

/** Options of ZSCAN. */
export interface ZScanOptions {
  match?: Arg | undefined;
  count?: Numeric | undefined;
}

/** Options of ZUNION. */
export interface ZUnionOptions {
  weights?: Numeric | readonly Numeric[] | undefined;
  aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" | undefined;
  withscores?: boolean | undefined;
}

/** Options of ZUNIONSTORE. */
export interface ZUnionStoreOptions {
  weights?: Numeric | readonly Numeric[] | undefined;
  aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" | undefined;
}

/** @internal The names of options in the order of the grammar; behind a "+" one whose word is repeated. */
export const ORDER: Record<string, readonly string[]> = {
  "COPY": ["db", "replace"],
  "GEOADD": ["nx", "xx", "ch"],
  "GEORADIUS": ["withcoord", "withdist", "withhash", "count", "any", "asc", "desc", "store", "storedist"],
  "GEORADIUSBYMEMBER": ["withcoord", "withdist", "withhash", "count", "any", "asc", "desc", "store", "storedist"],
  "GEORADIUSBYMEMBER_RO": ["withcoord", "withdist", "withhash", "count", "any", "asc", "desc"],
  "GEORADIUS_RO": ["withcoord", "withdist", "withhash", "count", "any", "asc", "desc"],
  "GEOSEARCH": ["frommember", "fromlonlat", "byradius", "bybox", "asc", "desc", "count", "any", "withcoord", "withdist", "withhash"],
  "GEOSEARCHSTORE": ["frommember", "fromlonlat", "byradius", "bybox", "asc", "desc", "count", "any", "storedist"],
  "GETEX": ["ex", "px", "exat", "pxat", "persist"],
  "HGETEX": ["ex", "px", "exat", "pxat", "persist"],
  "HSCAN": ["match", "count", "novalues"],
  "HSETEX": ["fnx", "fxx", "ex", "px", "exat", "pxat", "keepttl"],
  "JSON.GET": ["indent", "newline", "space"],
  "JSON.SET": ["nx", "xx"],
  "LCS": ["len", "idx", "minmatchlen", "withmatchlen"],
  "LMPOP": ["count"],
  "LPOS": ["rank", "count", "maxlen"],
  "RESTORE": ["replace", "absttl", "idletime", "freq"],
  "SCAN": ["match", "count", "type"],
  "SET": ["nx", "xx", "get", "ex", "px", "exat", "pxat", "keepttl"],
  "SINTERCARD": ["limit"],
  "SORT": ["by", "limit", "get+", "asc", "desc", "alpha", "store"],
  "SORT_RO": ["by", "limit", "get+", "asc", "desc", "alpha"],
  "SSCAN": ["match", "count"],
  "VADD": ["reduce", "fp32", "values", "cas", "noquant", "q8", "bin", "ef", "setattr", "m"],
  "VSIM": ["ele", "fp32", "values", "withscores", "withattribs", "count", "epsilon", "ef", "filter", "filter-ef", "truth", "nothread"],
  "XADD": ["nomkstream", "keepref", "delref", "acked", "maxlen", "minid", "limit"],
  "XAUTOCLAIM": ["count", "justid"],
  "XCLAIM": ["idle", "time", "retrycount", "force", "justid", "lastid"],
  "XGROUP CREATE": ["mkstream", "entriesread"],
  "XGROUP SETID": ["entriesread"],
  "XRANGE": ["count"],
  "XREAD": ["count", "block"],
  "XREADGROUP": ["count", "block", "noack"],
  "XREVRANGE": ["count"],
  "XSETID": ["entriesadded", "maxdeletedid"],
  "XTRIM": ["maxlen", "minid", "limit", "keepref", "delref", "acked"],
  "ZADD": ["nx", "xx", "gt", "lt", "ch", "incr"],
  "ZDIFF": ["withscores"],
  "ZINTER": ["weights", "aggregate", "withscores"],
  "ZINTERCARD": ["limit"],
  "ZINTERSTORE": ["weights", "aggregate"],
  "ZMPOP": ["count"],
  "ZRANDMEMBER": ["withscores"],
  "ZRANGE": ["byscore", "bylex", "rev", "limit", "withscores"],
  "ZRANGEBYLEX": ["limit"],
  "ZRANGEBYSCORE": ["withscores", "limit"],
  "ZRANGESTORE": ["byscore", "bylex", "rev", "limit"],
  "ZREVRANGE": ["withscores"],
  "ZREVRANGEBYLEX": ["limit"],
  "ZREVRANGEBYSCORE": ["withscores", "limit"],
  "ZSCAN": ["match", "count"],
  "ZUNION": ["weights", "aggregate", "withscores"],
  "ZUNIONSTORE": ["weights", "aggregate"],
};
