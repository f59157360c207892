// How a line looks: an icon, a word and a colour for each state, so that none of
// them has to be told by colour alone.
import type { Line } from '../../lib/live.svelte';
import { session } from '../../lib/session.svelte';
import { code, t } from '../../lib/text.svelte';

export type Tone = 'calm' | 'ring' | 'busy' | 'bad' | 'off';

const looks: Record<string, [icon: string, tone: Tone]> = {
  idle: ['check', 'calm'],
  'pre-ring': ['ring', 'ring'],
  ringing: ['ring', 'ring'],
  alerting: ['ring', 'ring'],
  'off-hook-in': ['calls', 'busy'],
  'off-hook-out': ['calls', 'busy'],
  dialling: ['key', 'busy'],
  seizing: ['calls', 'busy'],
  proceeding: ['calls', 'busy'],
  talking: ['calls', 'busy'],
  releasing: ['down', 'calm'],
  abandoned: ['warn', 'bad'],
  locked: ['warn', 'bad'],
  'no-battery': ['warn', 'bad'],
  gone: ['close', 'bad'],
  unused: ['off', 'off'],
  unknown: ['info', 'off'],
};

export const look = (l: Line): { icon: string; tone: Tone } => {
  const [icon, tone] = looks[l.state] ?? ['info', 'off'];
  return { icon, tone };
};

/** The states in the order in which a filter offers them. */
export const states = Object.keys(looks);

/** Something is wrong with the line. */
export const troubled = (l: Line, alarmed: ReadonlySet<number>): boolean => look(l).tone === 'bad' || !!l.fault || alarmed.has(l.line);

/** What a tile says of its line to those who do not see it. */
export function spoken(l: Line, alarmed: boolean): string {
  return [
    t('wall.line-n', { n: String(l.line) }),
    l.name,
    code('state', l.state),
    l.call ? l.caller || l.called : '',
    l.recording ? t('wall.recording') : '',
    l.paused ? t('wall.paused') : '',
    alarmed ? t('wall.alarm') : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Whether the one who is signed in may do something on a line. */
export function mayOn(verb: string, line: number): boolean {
  const a = session.actor;
  if (!a?.verbs.includes(verb)) return false;
  const some = a.on?.[verb];
  return !some || some.includes(line);
}

/** The place of a level on a meter from −60 to 0 dBm0, 0…1, in steps: less is no more seen. */
const STEPS = 30;
export const place = (dbm0: number | null | undefined): number => (dbm0 === null || dbm0 === undefined ? 0 : Math.round(Math.max(0, Math.min(1, (dbm0 + 60) / 60)) * STEPS) / STEPS);
