// Days that people choose, as moments of the zone that times are shown in.
import { shownZone } from '../../lib/format';

/** The beginning of a day ("2026-11-22"), or of the day after it, as the API takes it. */
export function instant(day: string, end = false): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const at = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return undefined;
  if (end) at.setUTCDate(at.getUTCDate() + 1);
  return new Date(at.getTime() - offset(at)).toISOString();
}

/** How far the zone is ahead of UTC at a moment, in milliseconds. */
function offset(at: Date): number {
  const f = new Intl.DateTimeFormat('en-US', { timeZone: shownZone(), hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  const p = Object.fromEntries(f.formatToParts(at).map((x) => [x.type, Number(x.value)]));
  return Date.UTC(p['year']!, p['month']! - 1, p['day']!, p['hour'], p['minute'], p['second']) - Math.floor(at.getTime() / 1000) * 1000;
}
