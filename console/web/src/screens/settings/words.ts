// Settings in words: values, paths, names of elements.
import { number } from '../../lib/format';
import { scheduleWords } from '../../lib/schedule';
import { has, locale, t } from '../../lib/text.svelte';
import { defaultOf, describe, draft, keyName, type Key } from './draft.svelte';
import { at, split, type Tree } from './paths';

/** A length in words, where a number of ms or s is long. */
export function humane(n: number, unit: string | undefined): string {
  const s = unit === 'ms' ? n / 1000 : unit === 's' ? n : unit === 'min' ? n * 60 : unit === 'mV' ? NaN : NaN;
  if (unit === 'mV' && Math.abs(n) >= 1000) return `${number(n / 1000, 1)} V`;
  if (unit === 'B' && n >= 1e9) return `${number(n / 1e9, 1)} GB`;
  if (unit === 'MiB' && n >= 1024) return `${number(n / 1024, 1)} GiB`;
  if (!Number.isFinite(s) || (unit === 's' && s < 120) || (unit === 'ms' && s < 1) || (unit === 'min' && s < 7200)) return '';
  if (s < 120) return t('settings.seconds', { n: number(s, 1) });
  if (s < 7200) return t('settings.minutes', { n: number(s / 60, 1) });
  return t('settings.hours', { n: number(s / 3600, 1) });
}

/** A unit as the reader's language writes it. */
export function unitWords(unit: string | undefined): string {
  if (!unit) return '';
  return has('settings.unit.' + unit) ? t('settings.unit.' + unit) : unit;
}

/** The name of a country. */
export function country(code: string): string {
  try {
    return `${new Intl.DisplayNames([locale()], { type: 'region' }).of(code) ?? code} (${code})`;
  } catch {
    return code;
  }
}

/** What an element of a section is called: its name, and its key where that says more. */
export function elementName(section: string, key: string): string {
  const e = at(draft.now, section + '.' + key.replace(/[\\.]/g, '\\$&')) as Tree | undefined;
  const name = typeof e?.['name'] === 'string' && e['name'] !== '' ? e['name'] : '';
  if (section === 'lines') return name ? t('settings.line-named', { n: key, name }) : t('settings.line', { n: key });
  return name && name !== key ? `${name} (${key})` : key;
}

/** A value in words. */
export function valueWords(k: Key | null, v: unknown): string {
  if (v === undefined || v === null) {
    if (!k || k.kind === 'object' || k.kind === 'map') return t('settings.default');
    return t('settings.default-is', { value: valueWords(k, defaultOf(k)) });
  }
  if (typeof v === 'boolean') return v ? t('settings.yes') : t('settings.no');
  if (k && (typeof v === 'string' || typeof v === 'number')) {
    if (k.form === 'country' && v !== '') return country(String(v));
    if (k.form === 'schedule' && v !== '') return scheduleWords(String(v));
    if (v === '' && k.optional) return k.none ?? '';
    const c = k.choices?.find((x) => x.value === String(v));
    if (c) return c.text;
    if (k.refs && v !== '') return elementName(k.refs, String(v));
    if (typeof v === 'number') {
      const h = humane(v, k.unit);
      return `${v}${k.unit ? ' ' + unitWords(k.unit) : ''}${h ? ` (${h})` : ''}`;
    }
  }
  if (v === '') return t('settings.nothing');
  if (Array.isArray(v) && v.every((x) => typeof x !== 'object')) return v.length ? v.map((x) => valueWords(k?.item ?? null, x)).join(', ') : t('settings.nothing');
  return typeof v === 'object' ? JSON.stringify(v) : String(v);
}

/** Where a path leads, in words: "Line 3 › Trigger". */
export function pathWords(path: string): string {
  const keys = split(path);
  const out: string[] = [];
  let p = '';
  for (const [i, key] of keys.entries()) {
    const above = p ? describe(p) : null;
    p = (p ? p + '.' : '') + key.replace(/[\\.]/g, '\\$&');
    const k = describe(p);
    if (above?.kind === 'map' && i === 1) out.push(keys[0] === 'lines' ? elementName('lines', key) : key);
    else if (above?.kind === 'list') out.push(String(Number(key) + 1));
    else if (!(i === 0 && keys[0] === 'lines' && keys.length > 1)) out.push(k?.title || key);
  }
  return out.join(' › ');
}

/** Whether a key counts, by what stands beside it. */
export function counts(k: Key, beside: Tree): boolean {
  return (k.when ?? []).every((w) => {
    const v = beside[w.key];
    if (w.is.includes('*')) return Array.isArray(v) ? v.length > 0 : v !== '' && v !== 0 && v !== false && v !== undefined;
    return w.is.includes(String(v ?? ''));
  });
}

export const isDefault = (k: Key, v: unknown): boolean => JSON.stringify(v) === JSON.stringify(defaultOf(k));
export { keyName };
