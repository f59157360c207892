// Facts of the live feed in words.
import type { Fact } from '../../lib/live.svelte';
import { code, has, t } from '../../lib/text.svelte';

/** What technicians want to read; the rest is shown when they ask for it. */
export const worth = (f: Fact): boolean => !['ring-end', 'voice-begin', 'voice-end', 'done', 'anchor', 'loop-break'].includes(f.kind);

/** A fact in words: what happened, then what is known of it. */
export function wordsOf(f: Fact): string {
  const more: string[] = [];
  if (f.to) more.push(`${code('state', f.from)} → ${code('state', f.to)}`);
  if (f.direction) more.push(code('direction', f.direction));
  if (f.answered_by) more.push(code('answered-by', f.answered_by));
  if (f.ended_by) more.push(code('ended-by', f.ended_by));
  if (f.missed) more.push(t('wall.missed'));
  if (f.caller || f.name) more.push(`${t('wall.caller')} ${[f.caller, f.name].filter(Boolean).join(' ')}`);
  if (f.called) more.push(`${t('wall.called')} ${f.called}`);
  if (f.text) more.push(has(`${f.kind}.${f.text}`) ? t(`${f.kind}.${f.text}`) : f.text);
  if (['tone', 'modem', 'held', 'parallel-pick-up', 'progress'].includes(f.kind)) more.push(t(f.value === 1 ? 'wall.begins' : 'wall.ends'));
  if (f.kind === 'gap') more.push(`${((f.value ?? 0) / 8).toFixed(0)} ms`);
  if (f.side && f.side !== 'mixed') more.push(t('wall.side-' + f.side));
  if (f.sure) more.push(`${f.sure} %`);
  return [code('fact', f.kind), more.join(', ')].filter(Boolean).join(': ');
}
