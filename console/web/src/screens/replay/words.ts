// What story entries, facts and messages say in words.
import { code, has, t } from '../../lib/text.svelte';
import type { Redecoded, ReplayEvent } from './data';

/** What kind of thing happened. */
export function kindOf(kind: string): string {
  return code(has('story.' + kind) ? 'story' : 'fact', kind);
}

/** What exactly. */
export function detailOf(e: ReplayEvent): string {
  const parts: string[] = [];
  const say = (s: string | undefined): void => {
    if (s) parts.push(s);
  };
  switch (e.kind) {
    case 'line-state':
      say(code('state', e.text));
      break;
    case 'direction':
      say(code('direction', e.text));
      break;
    case 'call-answered':
      say(code('answered-by', e.text));
      break;
    case 'call-end':
      say(code('ended-by', e.text));
      say(code('outcome', e.code));
      break;
    case 'tone':
      say(code('heard-tone', e.text));
      say(t(e.value ? 'replay.begins' : 'replay.ends'));
      break;
    case 'modem':
    case 'modem-rule':
      say(code('heard-modem', e.text));
      if (e.kind === 'modem') say(t(e.value ? 'replay.begins' : 'replay.ends'));
      else say(code('modem-rule', e.code));
      break;
    case 'caller-id-failed':
      say(code('caller-lost', e.text));
      break;
    case 'end':
      say(code('ended-by', e.code));
      break;
    case 'polarity':
      say(t(e.value === 1 ? 'replay.reversed' : 'replay.not-reversed'));
      break;
    case 'call-begin':
    case 'call':
    case 'conversation':
    case 'rule':
      break;
    case 'flash':
    case 'long-off-hook':
      say(`${e.value ?? 0} ms`);
      break;
    case 'clock':
      say(`${((e.value ?? 0) / 1e6).toFixed(0)} ms`);
      break;
    default:
      say(e.text);
      say(code('known-by', e.code));
  }
  say(e.actor);
  return parts.join(' · ');
}

/** What was heard, of a fact of a detector. */
export function heardOf(f: Redecoded['items'][number]): string {
  switch (f.kind) {
    case 'tone':
      return code('heard-tone', f.text);
    case 'modem':
      return code('heard-modem', f.text);
    case 'caller-id':
      return [f.text, f.name, f.text ? '' : code('heard-absent', f.absent), code('known-by', f.by)].filter(Boolean).join(' · ');
  }
  return f.text ?? '';
}
