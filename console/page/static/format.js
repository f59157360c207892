// Numbers, times and lengths as people of the chosen language write them.
import { language } from './text.js';

const locale = () => (language() === 'zh' ? 'zh-CN' : 'en');
const two = (n) => String(n).padStart(2, '0');

// when is a moment in the reader's zone, as ISO 8601 orders it: nobody has to
// guess which number is the month.
export function when(iso) {
  if (!iso) return '';
  const d = new Date(iso);
  return [d.getFullYear(), two(d.getMonth() + 1), two(d.getDate())].join('-') + ' ' + [d.getHours(), d.getMinutes(), d.getSeconds()].map(two).join(':');
}

// long is a length in seconds as m:ss or h:mm:ss.
export function long(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const m = Math.floor(s / 60);
  return m < 60 ? m + ':' + two(s % 60) : Math.floor(m / 60) + ':' + two(m % 60) + ':' + two(s % 60);
}

export const since = (iso, now) => (iso ? long((now - new Date(iso).getTime()) / 1000) : '');

export function volts(v) {
  return v === null || v === undefined ? '' : v.toFixed(1) + ' V';
}

export function level(db) {
  return db === null || db === undefined ? '' : db.toFixed(0) + ' dBm0';
}

export function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024;
    i++;
  }
  return n.toFixed(n < 10 && i > 0 ? 1 : 0) + ' ' + units[i];
}

export function number(n) {
  return n.toLocaleString(locale());
}

// party is the number at the other end of a call or recording, where it is known.
export function party(row) {
  return (row.direction === 'out' ? row.called : row.caller) || '';
}
