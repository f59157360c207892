// Columns of the list. Their heads are the daemon's words, as those of tables that are taken away.
import { bytes, long, when } from '../../lib/format';
import { code, t } from '../../lib/text.svelte';
import type { Recording } from './data';

export interface Column {
  name: string;
  number?: boolean;
  text: (r: Recording) => string;
}

export const columns: Column[] = [
  { name: 'start', text: (r) => when(r.start) },
  { name: 'line', text: (r) => `${r.line}${r.line_name ? ' · ' + r.line_name : ''}` },
  { name: 'direction', text: (r) => code('direction', r.direction || 'unknown') },
  { name: 'caller', text: (r) => r.caller || t('recordings.unknown') },
  { name: 'caller_name', text: (r) => r.caller_name ?? '' },
  { name: 'called', text: (r) => r.called || t('recordings.unknown') },
  { name: 'duration_s', number: true, text: (r) => (r.end ? long(r.duration_s) : t('recordings.running')) },
  { name: 'outcome', text: (r) => code('outcome', r.outcome) },
  { name: 'trigger', text: (r) => code('trigger', r.trigger) },
  { name: 'codec', text: (r) => code('codec', r.codec) },
  { name: 'board', text: (r) => r.board ?? '' },
  { name: 'ended_by', text: (r) => code('ended-by', r.ended_by) },
  { name: 'class', text: (r) => r.class ?? '' },
  { name: 'holds', text: (r) => r.holds?.join(', ') ?? '' },
  { name: 'bytes', number: true, text: (r) => bytes(r.bytes) },
  { name: 'notes', text: (r) => [...r.notes.map((n) => n.text), ...(r.marks ?? []).map((m) => m.text ?? '')].filter(Boolean).join(' · ') },
];

export const usual = ['start', 'line', 'direction', 'caller', 'called', 'duration_s', 'outcome', 'notes'];
const KEY = 'vaad.recordings.columns';

export function chosen(): string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '') as string[];
    const known = kept.filter((n) => columns.some((c) => c.name === n));
    return known.length > 0 ? known : usual;
  } catch {
    return usual;
  }
}
export function choose(names: string[]): void {
  localStorage.setItem(KEY, JSON.stringify(names));
}

/** What is particular about a recording: key of its words, and how it looks. */
export function flags(r: Recording): { key: string; kind: string }[] {
  const all: { key: string; kind: string }[] = [];
  const add = (is: unknown, key: string, kind = ''): void => {
    if (is) all.push({ key: 'recordings.flag-' + key, kind });
  };
  add(r.state === 'open', 'open', 'bad');
  add(r.state === 'trash', 'trash', 'bad');
  add(r.state === 'erased', 'erased', 'bad');
  add(r.protected, 'protected', 'good');
  add(r.held, 'held', 'warn');
  add(r.encrypted, 'encrypted');
  add(r.gaps, 'gaps', 'warn');
  add(r.recovered, 'recovered', 'warn');
  add(r.masked_s, 'masked');
  add((r.marks?.length ?? 0) > 0, 'marks');
  return all;
}
