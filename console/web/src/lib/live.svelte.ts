// The one live feed of the page (server-sent events of /api/v1/events). It is
// open while somebody is interested; who falls behind is given a snapshot.
import type { Schemas } from './api';

export type Line = Schemas['Line'];
export type Fact = Schemas['Fact'];

let lines = $state.raw(new Map<number, Line>());
let state = $state<'closed' | 'connecting' | 'live' | 'lost'>('closed');
let heard = $state(0); // when something last came, ms since 1970
const facts = new Set<(f: Fact) => void>();
const alarms = new Set<() => void>();
let source: EventSource | null = null;
let users = 0;

export const live = {
  get lines(): Map<number, Line> {
    return lines;
  },
  get state(): 'closed' | 'connecting' | 'live' | 'lost' {
    return state;
  },
  get heard(): number {
    return heard;
  },
};

function set(all: Line[], whole: boolean): void {
  const next = whole ? new Map<number, Line>() : new Map(lines);
  for (const l of all) next.set(l.line, l);
  lines = next;
}

function open(): void {
  state = 'connecting';
  source = new EventSource('/api/v1/events');
  const on = (name: string, f: (data: unknown) => void): void =>
    source!.addEventListener(name, (e) => {
      heard = Date.now();
      state = 'live';
      f(JSON.parse((e as MessageEvent<string>).data));
    });
  on('snapshot', (d) => set((d as Schemas['Snapshot']).lines, true));
  on('lines', (d) => set((d as Schemas['Changed']).lines, false));
  on('event', (d) => facts.forEach((f) => f(d as Fact)));
  on('alarms', () => alarms.forEach((f) => f()));
  on('resync', () => undefined);
  source.onerror = () => (state = 'lost');
}

/** Keeps the feed open until the answer is called. */
export function follow(to: { fact?: (f: Fact) => void; alarms?: () => void } = {}): () => void {
  if (to.fact) facts.add(to.fact);
  if (to.alarms) alarms.add(to.alarms);
  if (users++ === 0) open();
  return () => {
    if (to.fact) facts.delete(to.fact);
    if (to.alarms) alarms.delete(to.alarms);
    if (--users === 0) {
      source?.close();
      source = null;
      state = 'closed';
    }
  };
}
