// Figures of metrics as people read them.
import type { Schemas } from '../../lib/api';
import { bytes, number, percent } from '../../lib/format';
import { t } from '../../lib/text.svelte';

/** A value with its unit. */
export function figure(v: number, unit: string): string {
  switch (unit) {
    case 'bytes':
      return bytes(v);
    case 'bytes-per-second':
      return t('system.per-second', { v: bytes(v) });
    case 'seconds':
      return Math.abs(v) < 1 ? t('system.ms', { n: number(v * 1000, v * 1000 < 10 ? 2 : 0) }) : t('system.s', { n: number(v, 1) });
    case 'ratio':
      return percent(v);
    default:
      return number(v, Math.abs(v) < 10 ? 2 : 0);
  }
}

/** The points of a curve: begin, least, mean, greatest. */
export function points(c: Schemas['MetricCurve']): number[][] {
  return c.points as number[][];
}

/** The columns of a chart: times, least, mean, greatest; null where nothing was measured. */
export function fill(c: Schemas['MetricCurve'], [from, to]: [number, number]): [number[], (number | null)[], (number | null)[], (number | null)[]] {
  const x: number[] = [];
  const cols: [(number | null)[], (number | null)[], (number | null)[]] = [[], [], []];
  let before = from;
  for (const p of points(c)) {
    if (p[0]! - before > 1.5 * c.step_s) {
      x.push(before + c.step_s / 2);
      for (const col of cols) col.push(null);
    }
    x.push(p[0]! + c.step_s / 2);
    cols[0].push(p[1]!);
    cols[1].push(p[2]!);
    cols[2].push(p[3]!);
    before = p[0]!;
  }
  if (x.length && to - before > 2 * c.step_s) {
    x.push(before + 2 * c.step_s);
    for (const col of cols) col.push(null);
  }
  return [x, ...cols];
}
