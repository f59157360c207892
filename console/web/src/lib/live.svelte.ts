// The one live feed of the page (server-sent events of /api/v1/events). It is
// open while somebody is interested; who falls behind is given a snapshot.
//
// What moves all the time (levels, voltages) is not reactive: it comes many times
// a second for up to 128 lines, and is drawn by those who follow `levels`.
import type { Schemas } from './api';

export type Line = Schemas['Line'];
export type Fact = Schemas['Fact'];

/** What moves all the time on a line. */
export interface Reading {
  volts: number | null;
  /** Of each side, in the order of the line's sides; null: silence. */
  dbm0: (number | null)[];
}

/** Whom to tell what. */
export interface Follower {
  fact?: (f: Fact) => void;
  alarms?: () => void;
  /** A USB device, or how far a load of its firmware is, has changed. */
  usb?: () => void;
  /** Lines whose levels moved; null: all of them, as after a resync. */
  levels?: (lines: number[] | null) => void;
}

const RATE = 5; // messages of levels a second, while somebody looks
const STALE = 3000; // ms without a word: the daemon tells something every second
const AWAY = 60_000; // ms after which a page that nobody sees gives up its connection: a browser may have six for all its tabs
const KEPT = 500; // facts of the page's past

let lines = $state.raw(new Map<number, Line>());
let state = $state<'closed' | 'connecting' | 'live' | 'lost'>('closed');
let stale = $state(false);
let heard = 0; // when something last came, ms since 1970
const readings = new Map<number, Reading>();
let past: Fact[] = [];
const followers = new Set<Follower>();
let source: EventSource | null = null;
let rate = 0; // of the open feed
let last = ''; // ID of the last fact
let again: ReturnType<typeof setTimeout> | undefined;
let look: ReturnType<typeof setInterval> | undefined;
let leave: ReturnType<typeof setTimeout> | undefined;
let away = false;

export const live = {
  get lines(): Map<number, Line> {
    return lines;
  },
  get state(): 'closed' | 'connecting' | 'live' | 'lost' {
    return state;
  },
  /** What is shown is old: the feed is lost, or silent. */
  get stale(): boolean {
    return stale;
  },
  /** When something last came, ms since 1970; not reactive. */
  get heard(): number {
    return heard;
  },
  /** Levels and voltage of a line as told last; not reactive. */
  reading: (line: number): Reading | undefined => readings.get(line),
  /** What happened since the page was opened, the oldest first; not reactive. */
  past: (line: number): Fact[] => past.filter((f) => f.line === line),
};

function readingOf(l: Line): Reading {
  return { volts: l.volts ?? null, dbm0: l.sides.map((s) => (l.sides.length === 1 ? l.level_dbm0 : l.levels_dbm0?.[s]) ?? null) };
}

function set(all: Line[], whole: boolean): void {
  const next = whole ? new Map<number, Line>() : new Map(lines);
  if (whole) readings.clear();
  for (const l of all) {
    next.set(l.line, l);
    readings.set(l.line, readingOf(l));
  }
  lines = next;
  tell(whole ? null : all.map((l) => l.line));
}

function tell(moved: number[] | null): void {
  for (const f of followers) f.levels?.(moved);
}

function happened(f: Fact): void {
  past.push(f);
  if (past.length > KEPT * 2) past = past.slice(-KEPT);
  for (const one of followers) one.fact?.(f);
}

/** A page that nobody sees, or that shows no levels, asks for none. */
function wanted(): number {
  return !document.hidden && [...followers].some((f) => f.levels) ? RATE : 0;
}

function open(): void {
  close();
  rate = wanted();
  if (state !== 'live') state = 'connecting';
  const q = new URLSearchParams({ levels: String(rate) });
  if (last) q.set('after', last);
  const s = new EventSource('/api/v1/events?' + q.toString());
  source = s;
  const on = (name: string, f: (data: unknown) => void): void =>
    s.addEventListener(name, (e) => {
      const m = e as MessageEvent<string>;
      heard = Date.now();
      state = 'live';
      stale = false;
      if (m.lastEventId) last = m.lastEventId;
      f(JSON.parse(m.data));
    });
  on('snapshot', (d) => set((d as Schemas['Snapshot']).lines, true));
  on('lines', (d) => set((d as Schemas['Changed']).lines, false));
  on('levels', (d) => {
    const moved = (d as Schemas['Readings']).lines;
    for (const r of moved) readings.set(r.line, { volts: r.volts ?? null, dbm0: r.dbm0 as (number | null)[] });
    if (moved.length) tell(moved.map((r) => r.line));
  });
  on('event', (d) => happened(d as Fact));
  on('alarms', () => followers.forEach((f) => f.alarms?.()));
  on('usb', () => followers.forEach((f) => f.usb?.()));
  on('resync', () => (last = ''));
  s.onerror = () => {
    state = 'lost';
    stale = true;
    if (s.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
    clearTimeout(again);
    again = setTimeout(() => followers.size && open(), 3000);
  };
  look = setInterval(() => {
    if (rate > 0 && state === 'live' && Date.now() - heard > STALE) stale = true;
  }, 1000);
}

function close(): void {
  clearTimeout(again);
  clearInterval(look);
  source?.close();
  source = null;
}

let asked = false;
/** Opens, closes or changes the feed once the present changes are through. */
function adapt(): void {
  if (asked) return;
  asked = true;
  queueMicrotask(() => {
    asked = false;
    if (followers.size === 0) {
      close();
      state = 'closed';
      stale = false;
    } else if (away) {
      close();
      stale = true; // until it is seen again and something comes
    } else if (!source || wanted() > rate || (wanted() < rate && document.hidden)) open();
  });
}
document.addEventListener('visibilitychange', () => {
  clearTimeout(leave);
  away = false;
  if (document.hidden)
    leave = setTimeout(() => {
      away = true;
      adapt();
    }, AWAY);
  adapt();
});

/** Keeps the feed open until the answer is called. */
export function follow(to: Follower = {}): () => void {
  followers.add(to);
  adapt();
  return () => {
    followers.delete(to);
    adapt();
  };
}
