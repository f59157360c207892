// Pictures of recordings as the daemon sends them: per point of time the least, the greatest and the mean amplitude.
import type { Schemas } from '../lib/api';

export type Peaks = Schemas['Peaks'];

const decoded = new WeakMap<Peaks, Int8Array[]>();

/** The values of each side, in the order of its sides; decoded once. */
export function valuesOf(p: Peaks): Int8Array[] {
  let v = decoded.get(p);
  if (!v) {
    v = p.sides.map((s) => Int8Array.from(atob(s.data), (c) => (c.charCodeAt(0) << 24) >> 24));
    decoded.set(p, v);
  }
  return v;
}
