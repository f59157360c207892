// The search box and the address bar say the same: parameters as the API names
// them, in the box as words, numbers and key:value. Times may be written as people
// write them; they become moments only when the daemon is asked.
import { moment } from '../../lib/format';
import type { Query } from './data';

/** Keys of the box, with other names that people type. */
const keys: Record<string, string> = {
  line: 'line', 线路: 'line',
  from: 'from', since: 'from', 从: 'from',
  to: 'to', until: 'to', 到: 'to',
  on: 'on', 日期: 'on',
  period: 'period', 时间: 'period',
  number: 'number', 号码: 'number',
  caller: 'caller', 主叫: 'caller',
  called: 'called', 被叫: 'called',
  name: 'name', 名称: 'name',
  board: 'board', side: 'side',
  direction: 'direction', dir: 'direction', 方向: 'direction',
  trigger: 'trigger', codec: 'codec', outcome: 'outcome', 结果: 'outcome',
  answered: 'answered', answered_by: 'answered_by', ended_by: 'ended_by',
  state: 'state', is: 'state', 状态: 'state',
  class: 'class', 类别: 'class',
  min: 'min_duration', min_duration: 'min_duration', longer: 'min_duration',
  max: 'max_duration', max_duration: 'max_duration', shorter: 'max_duration',
  protected: 'protected', held: 'held', held_for: 'held_for', case: 'held_for',
  noted: 'noted', notes: 'noted', marked: 'marked', marks: 'marked', masked: 'masked', gaps: 'gaps',
  recovered: 'recovered', simulated: 'simulated',
  call: 'call', conversation: 'conversation', actor: 'actor', by: 'actor', order: 'order', saved: 'saved',
  trashed_from: 'trashed_from', trashed_to: 'trashed_to', text: 'text',
};

/** Parameters of a search, in the order in which the box shows them. */
export const params = [...new Set(Object.values(keys))].filter((k) => k !== 'on');

/** Splits at blanks; "quoted parts" stay together. */
function tokens(s: string): string[] {
  return [...s.matchAll(/(?:[^\s:"]+:)?"[^"]*"|\S+/g)].map((m) => m[0]);
}

const bare = (s: string): string => s.replaceAll('"', '');

/** What the box says, as parameters. */
export function parse(box: string): Query {
  const q: Query = {};
  const words: string[] = [];
  for (const token of tokens(box)) {
    const [, name, value] = /^([^:"]+)[:：](.+)$/s.exec(token) ?? [];
    const key = name === undefined ? undefined : keys[name.toLowerCase()];
    if (key === 'on' && value) {
      q['from'] = q['to'] = bare(value);
    } else if (key && value) {
      const v = bare(value);
      if ((key === 'from' || key === 'to') && /^\d+[mhdw]$/.test(v)) q['period'] = lately(v);
      else q[key] = v;
    } else if (/^[+*\d(][\d*()\-.+]{2,}$/.test(token) && !q['number']) {
      q['number'] = token.includes('*') ? token : `*${token}*`;
    } else words.push(bare(token));
  }
  if (words.length > 0) q['text'] = [q['text'], ...words].filter(Boolean).join(' ');
  return q;
}

/** 7d as the words that the daemon knows. */
function lately(v: string): string {
  const unit = { m: 'minutes', h: 'hours', d: 'days', w: 'weeks' }[v.slice(-1)];
  return unit === 'minutes' ? `last ${Math.max(1, Math.ceil(Number(v.slice(0, -1)) / 60))} hours` : `last ${v.slice(0, -1)} ${unit}`;
}

const quoted = (v: string): string => (/\s/.test(v) ? `"${v}"` : v);

/** The parameters as the box shows them. */
export function write(q: Query): string {
  const out: string[] = [];
  if (q['text']) out.push(q['text']);
  const n = q['number'];
  if (n) out.push(/^\*[\d]{3,}\*$/.test(n) ? n.slice(1, -1) : /^[+*\d][\d*]{2,}$/.test(n) ? n : `number:${n}`);
  for (const k of params) {
    const v = q[k];
    if (v && k !== 'text' && k !== 'number') out.push(`${k === 'min_duration' ? 'min' : k === 'max_duration' ? 'max' : k}:${quoted(v)}`);
  }
  return out.join(' ');
}

/** The parameters that stand in an address. */
export function read(address: URLSearchParams): Query {
  const q: Query = {};
  for (const k of params) {
    const v = address.get(k);
    if (v) q[k] = v;
  }
  return q;
}

/** The parameters as the daemon takes them. */
export function asked(q: Query): Query {
  const out = { ...q };
  if (out['from']) out['from'] = moment(out['from']) ?? out['from'];
  if (out['to']) out['to'] = moment(out['to'], true) ?? out['to'];
  return out;
}
