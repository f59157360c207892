// Live audio of lines: one WebSocket per line, shared by all of the page that
// hears or sees the line, open while somebody does.
import type { Schemas } from '../lib/api';
import { laws } from './g711';
import { frameOf, type Frame } from './frame';

export type Head = Schemas['LiveHead'];
export type State = 'connecting' | 'live' | 'refused' | 'lost';

export interface Hearer {
  head?: (h: Head) => void;
  frame?: (f: Frame) => void;
  state?: (s: State) => void;
}

const NO_RIGHT = 4001;

class Source {
  private readonly line: number;
  private socket: WebSocket | null = null;
  private head: Head | null = null;
  private state: State = 'connecting';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = false;
  readonly hearers = new Set<Hearer>();

  constructor(line: number) {
    this.line = line;
    this.open();
  }

  add(h: Hearer): void {
    this.hearers.add(h);
    if (this.head) h.head?.(this.head);
    h.state?.(this.state);
  }

  private say(s: State): void {
    this.state = s;
    for (const h of this.hearers) h.state?.(s);
  }

  private open(): void {
    this.opened = false;
    const s = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/lines/${this.line}/live`);
    s.binaryType = 'arraybuffer';
    this.socket = s;
    s.onmessage = (e) => {
      if (typeof e.data === 'string') {
        this.opened = true;
        this.head = JSON.parse(e.data) as Head;
        for (const h of this.hearers) h.head?.(this.head);
        this.say('live');
        return;
      }
      const f = this.head && frameOf(e.data as ArrayBuffer, laws[this.head.law] ?? laws['alaw']!);
      if (f) for (const h of this.hearers) h.frame?.(f);
    };
    s.onclose = (e) => {
      if (this.socket !== s) return;
      this.head = null;
      // A handshake that is refused has no words of its own for a page.
      this.say(e.code === NO_RIGHT || !this.opened ? 'refused' : 'lost');
      this.timer = setTimeout(() => this.open(), this.opened ? 1000 : 10_000);
    };
  }

  close(): void {
    clearTimeout(this.timer);
    const s = this.socket;
    this.socket = null;
    s?.close();
  }
}

const sources = new Map<number, Source>();

/** Hears a line until the answer is called. */
export function hear(line: number, h: Hearer): () => void {
  let s = sources.get(line);
  if (!s) sources.set(line, (s = new Source(line)));
  s.add(h);
  return () => {
    s.hearers.delete(h);
    if (s.hearers.size > 0) return;
    s.close();
    if (sources.get(line) === s) sources.delete(line);
  };
}
