// The live feed: one EventSource for the whole page. It holds the lines as they
// are now and tells who wants to know.
import { root } from './client.js';

export const lines = new Map(); // line number → line
const listeners = { lines: [], fact: [], link: [], alarms: [], ended: [] };

export function on(what, fn) {
  listeners[what].push(fn);
}

function tell(what, value) {
  for (const fn of listeners[what]) fn(value);
}

// The daemon's clock against ours, so that timers are right on any machine.
let offset = 0;

export const now = () => Date.now() + offset;

export function start() {
  const source = new EventSource(root + '/events');
  source.onopen = () => tell('link', true);
  source.onerror = () => tell('link', false); // the browser connects again by itself
  source.addEventListener('snapshot', (e) => {
    const s = JSON.parse(e.data);
    offset = new Date(s.time).getTime() - Date.now();
    lines.clear();
    for (const l of s.lines) lines.set(l.line, l);
    tell('lines', { all: true, changed: s.lines });
  });
  source.addEventListener('lines', (e) => {
    const { lines: changed } = JSON.parse(e.data);
    const fresh = changed.some((l) => !lines.has(l.line));
    const ended = changed.some((l) => !l.recording && lines.get(l.line)?.recording);
    for (const l of changed) lines.set(l.line, l);
    tell('lines', { all: fresh, changed });
    if (ended) tell('ended');
  });
  source.addEventListener('alarms', () => tell('alarms'));
  source.addEventListener('event', (e) => tell('fact', JSON.parse(e.data)));
}
