// Numbers, times and lengths as people of the chosen language write them.
import { locale, t } from './text.svelte';

let zone: string | undefined; // of the site; undefined: the browser's
/** Sets the time zone that times are shown in (IANA). */
export function showZone(z: string | undefined): void {
  try {
    if (z) new Intl.DateTimeFormat('en', { timeZone: z });
    zone = z || undefined;
  } catch {
    zone = undefined;
  }
}
export function shownZone(): string {
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const two = (n: number): string => String(n).padStart(2, '0');

function parts(d: Date): Record<string, string> {
  const f = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  return Object.fromEntries(f.formatToParts(d).map((p) => [p.type, p.value]));
}

/** A moment as 2026-11-22 18:40:05: nobody has to guess which number is the month. */
export function when(iso: string | number | Date | null | undefined): string {
  if (iso === null || iso === undefined || iso === '') return '';
  const p = parts(new Date(iso));
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`;
}
export function day(iso: string | number | Date): string {
  return when(iso).slice(0, 10);
}
export function clock(iso: string | number | Date): string {
  return when(iso).slice(11);
}

/** A length in seconds as m:ss or h:mm:ss. */
export function long(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const m = Math.floor(s / 60);
  return m < 60 ? `${m}:${two(s % 60)}` : `${Math.floor(m / 60)}:${two(m % 60)}:${two(s % 60)}`;
}

/** How long ago, in words, coarse. */
export function ago(iso: string | number | Date, now = Date.now()): string {
  const s = Math.round((new Date(iso).getTime() - now) / 1000);
  const f = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const a = Math.abs(s);
  if (a < 60) return f.format(s, 'second');
  if (a < 3600) return f.format(Math.round(s / 60), 'minute');
  if (a < 86400 * 2) return f.format(Math.round(s / 3600), 'hour');
  return f.format(Math.round(s / 86400), 'day');
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return `${n.toFixed(n < 10 && i > 0 ? 1 : 0)} ${units[i]}`;
}

export function number(n: number, digits = 0): string {
  return n.toLocaleString(locale(), { maximumFractionDigits: digits });
}
export function percent(x: number): string {
  return x.toLocaleString(locale(), { style: 'percent', maximumFractionDigits: 0 });
}
export function volts(v: number | null | undefined): string {
  return v === null || v === undefined ? '' : `${v.toFixed(1)} V`;
}
export function level(db: number | null | undefined): string {
  return db === null || db === undefined ? '' : `${db.toFixed(0)} dBm0`;
}
/** The number at the other end of a call or recording, where it is known. */
export function party(row: { direction?: string; called?: string; caller?: string }): string {
  return (row.direction === 'out' ? row.called : row.caller) || t('ui.unknown-number');
}

/** How far the zone that times are shown in is ahead of UTC at a moment, in ms. */
function offset(at: number): number {
  const p = Object.fromEntries(Object.entries(parts(new Date(at))).map(([k, v]) => [k, Number(v)])) as Record<string, number>;
  return Date.UTC(p.year!, p.month! - 1, p.day!, p.hour!, p.minute!, p.second!) - at;
}

/**
 * A date, or date and time, as people of that zone write it (2026-11-22 18:40), as RFC 3339;
 * with last the end of the day where there is no time. undefined: it is none.
 */
export function moment(v: string, last = false): string | undefined {
  const m = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(v.trim());
  if (!m) return undefined;
  const [year, month, day, hour, minute, second] = m.slice(1).map((x) => Number(x ?? 0)) as [number, number, number, number, number, number];
  const there = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (there.getUTCMonth() !== month - 1 || there.getUTCDate() !== day) return undefined;
  if (last && m[4] === undefined) there.setUTCDate(day + 1);
  const local = there.getTime();
  return new Date(local - offset(local - offset(local))).toISOString(); // twice: over a change of daylight saving
}
