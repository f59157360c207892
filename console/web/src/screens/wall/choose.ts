// Which lines the wall shows, as the address bar says.
import type { Line } from '../../lib/live.svelte';
import { look } from './looks';

export interface Wanted {
  text: string;
  state: string; // a state, or "busy": not idle
  group: string;
  board: string;
  trouble: boolean;
}

export const wantedOf = (q: URLSearchParams): Wanted => ({
  text: q.get('q') ?? '',
  state: q.get('state') ?? '',
  group: q.get('group') ?? '',
  board: q.get('board') ?? '',
  trouble: q.has('alarms'),
});

export const isSome = (w: Wanted): boolean => !!(w.text || w.state || w.group || w.board || w.trouble);

/** Whether a line is among those that are wanted. */
export function fits(l: Line, w: Wanted, trouble: boolean): boolean {
  if (w.trouble && !trouble) return false;
  if (w.group && l.group !== w.group) return false;
  if (w.board && l.board !== w.board) return false;
  if (w.state === 'busy' ? ['calm', 'off'].includes(look(l).tone) : w.state && l.state !== w.state) return false;
  if (!w.text) return true;
  const all = [String(l.line), l.name, `${l.board}/${l.port}`, l.caller, l.called, l.caller_name, l.group].join('\n').toLowerCase();
  return w.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export type Density = 'comfortable' | 'compact' | 'dense';
export const densities: Density[] = ['comfortable', 'compact', 'dense'];

/** The density at which so many lines fit one screen. */
export const fitting = (n: number): Density => (n <= 24 ? 'comfortable' : n <= 64 ? 'compact' : 'dense');

/** Where the focus goes from a place in a grid of so many columns; -1: nowhere. */
export function step(key: string, at: number, n: number, columns: number): number {
  switch (key) {
    case 'ArrowRight':
      return at + 1 < n ? at + 1 : -1;
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowDown':
      return at + columns < n ? at + columns : -1;
    case 'ArrowUp':
      return at - columns >= 0 ? at - columns : -1;
    case 'Home':
      return n > 0 ? 0 : -1;
    case 'End':
      return n - 1;
  }
  return -1;
}
