// Draws the tracks of a replay. What is drawn stands in words in the tables below it.
import { valuesOf, type Peaks } from '../../audio/peaks';
import { code, t } from '../../lib/text.svelte';
import type { Axis } from './axis.svelte';
import type { Message, Replay, ReplayEvent } from './data';
import type { Spectrogram } from './spectrogram';
import { kindOf } from './words';

export interface Lane {
  id: string;
  text: string;
  y: number;
  height: number;
}

const RULER = 22;
const WAVE = 62;
const SPECTRUM = 84;
const VOLTS = 56;
const ROW = 24;
const LINK = 66;
const ROWS = ['hook', 'ring', 'caller-id', 'keys', 'tones', 'voice', 'signalling', 'recording'] as const;

/** The tracks that a replay has, from top to bottom. */
export function lanesOf(r: Replay, shown: { audio: boolean; spectrum: boolean }): { lanes: Lane[]; height: number } {
  const lanes: Lane[] = [];
  let y = RULER;
  const add = (id: string, text: string, height: number): void => {
    lanes.push({ id, text, y, height });
    y += height + 3;
  };
  const sides = r.recording.sides;
  const side = (s: string): string => (sides.length > 1 ? code('side', s) : '');
  if (shown.audio) {
    for (const s of sides) add('wave ' + s, side(s) || t('replay.wave'), WAVE);
    if (shown.spectrum) for (const s of sides) add('spectrum ' + s, t('replay.spectrum') + (side(s) ? ' · ' + side(s) : ''), SPECTRUM);
  }
  if (r.volts.length > 0) add('volts', t('replay.volts'), VOLTS);
  for (const id of ROWS) if (r.events.some((e) => e.lane === id)) add(id, t('replay.lane.' + id), ROW);
  if (r.ladder.length > 0) add('ladder', t('replay.ladder'), LINK);
  return { lanes, height: y };
}

export interface Look {
  axis: Axis;
  replay: Replay;
  lanes: Lane[];
  width: number;
  peaks: Peaks | null;
  raw: { from: number; sides: Map<string, Int16Array> } | null;
  spectrogram: Spectrogram | null;
  picked: ReplayEvent | null;
  message: Message | null;
}

/** Where the drawing asks for colours: the page's own. */
export type Colors = (name: string) => string;

export function paint(g: CanvasRenderingContext2D, l: Look, color: Colors, height: number): void {
  const { axis, width } = l;
  g.font = '11px system-ui, "Noto Sans CJK SC", sans-serif';
  g.textBaseline = 'top';
  for (const tick of axis.ticks(width)) {
    const x = Math.round(axis.x(tick.at, width)) + 0.5;
    g.strokeStyle = color('line');
    g.beginPath();
    g.moveTo(x, 14);
    g.lineTo(x, height);
    g.stroke();
    g.fillStyle = color('dim');
    g.fillText(tick.text, x + 3, 2);
  }
  edge(g, l, color, height);
  for (const lane of l.lanes) {
    const [what, side] = lane.id.split(' ') as [string, string?];
    g.save();
    g.beginPath();
    g.rect(0, lane.y, width, lane.height);
    g.clip();
    if (what === 'wave') wave(g, l, lane, side!, color);
    else if (what === 'spectrum') spectrum(g, l, lane, side!);
    else if (what === 'volts') volts(g, l, lane, color);
    else if (what === 'ladder') ladder(g, l, lane, color);
    else events(g, l, lane, color);
    label(g, lane, color);
    g.restore();
  }
}

function label(g: CanvasRenderingContext2D, lane: Lane, color: Colors): void {
  const w = g.measureText(lane.text).width + 8;
  g.globalAlpha = 0.82;
  g.fillStyle = color('surface');
  g.fillRect(0, lane.y, w, 15);
  g.globalAlpha = 1;
  g.fillStyle = color('dim');
  g.fillText(lane.text, 4, lane.y + 2);
}

/** What lies outside of the audio is shaded. */
function edge(g: CanvasRenderingContext2D, l: Look, color: Colors, height: number): void {
  const a = l.axis.x(0, l.width);
  const b = l.axis.x(l.replay.samples, l.width);
  g.fillStyle = color('hover');
  g.globalAlpha = 0.6;
  if (a > 0) g.fillRect(0, RULER, Math.min(a, l.width), height);
  if (b < l.width) g.fillRect(Math.max(0, b), RULER, l.width, height);
  g.globalAlpha = 1;
}

const loud = (b: number): number => Math.sign(b) * (b / 127) ** 2;
const bytes = (p: Peaks, side: string): Int8Array | undefined => valuesOf(p)[p.sides.findIndex((s) => s.side === side)];

function wave(g: CanvasRenderingContext2D, l: Look, lane: Lane, side: string, color: Colors): void {
  const { axis, width } = l;
  const mid = lane.y + lane.height / 2;
  const tall = lane.height / 2 - 2;
  const shape = (v: number): number => Math.sign(v) * Math.sqrt(Math.abs(v)) * tall; // so that faint speech is seen
  g.fillStyle = color('line');
  g.fillRect(0, mid, width, 1);
  const raw = l.raw?.sides.get(side);
  if (raw && l.raw!.from <= axis.from && l.raw!.from + raw.length >= axis.to) {
    const first = axis.from - l.raw!.from;
    const each = axis.span / width;
    g.strokeStyle = color('accent');
    g.beginPath();
    if (each <= 1) {
      for (let i = 0; i <= axis.span; i++) {
        const x = (i / axis.span) * width;
        const y = mid - shape((raw[first + i] ?? 0) / 32768);
        if (i === 0) g.moveTo(x, y);
        else g.lineTo(x, y);
      }
    } else {
      for (let x = 0; x < width; x++) {
        let low = 0;
        let high = 0;
        for (let i = Math.floor(x * each); i < (x + 1) * each; i++) {
          const v = raw[first + i] ?? 0;
          if (v < low) low = v;
          if (v > high) high = v;
        }
        g.moveTo(x + 0.5, mid - shape(high / 32768));
        g.lineTo(x + 0.5, mid - shape(low / 32768) + 1);
      }
    }
    g.stroke();
    return;
  }
  const p = l.peaks;
  const v = p && bytes(p, side);
  if (!p || !v) return;
  const each = ((p.to_s - p.from_s) * 8000) / p.points;
  const px = Math.max(0.6, (each / axis.span) * width);
  for (const rms of [false, true]) {
    g.fillStyle = color('accent');
    g.globalAlpha = rms ? 1 : 0.4;
    for (let i = 0; i < p.points; i++) {
      const x = axis.x(p.from_s * 8000 + i * each, width);
      if (x < -px || x > width) continue;
      const r = loud(v[3 * i + 2]!);
      const up = shape(rms ? r : loud(v[3 * i + 1]!));
      const down = shape(rms ? -r : loud(v[3 * i]!));
      g.fillRect(x, mid - up, px, Math.max(1, up - down));
    }
  }
  g.globalAlpha = 1;
}

function spectrum(g: CanvasRenderingContext2D, l: Look, lane: Lane, side: string): void {
  const { axis, width } = l;
  const a = Math.max(0, axis.x(0, width));
  g.fillStyle = '#000';
  g.fillRect(a, lane.y, Math.min(width, axis.x(l.replay.samples, width)) - a, lane.height);
  l.spectrogram?.draw(g, side, axis.from, axis.to, lane.y, width, lane.height);
  g.strokeStyle = 'rgb(255 255 255 / 0.3)';
  g.fillStyle = '#fff';
  for (const khz of [1, 2, 3]) {
    const y = Math.round(lane.y + lane.height * (1 - khz / 4)) + 0.5;
    g.beginPath();
    g.moveTo(0, y);
    g.lineTo(width, y);
    g.stroke();
    g.fillText(`${khz} kHz`, width - 36, y - 12);
  }
  if (!l.spectrogram) {
    g.fillText(t('replay.spectrum-closer'), Math.max(4, width / 2 - 90), lane.y + lane.height / 2 - 6);
  }
}

function volts(g: CanvasRenderingContext2D, l: Look, lane: Lane, color: Colors): void {
  const all = l.replay.volts;
  const low = Math.min(-5, ...all.map((v) => v.volts));
  const high = Math.max(5, ...all.map((v) => v.volts));
  const y = (v: number): number => lane.y + 14 + (1 - (v - low) / (high - low)) * (lane.height - 18);
  g.strokeStyle = color('line');
  g.beginPath();
  g.moveTo(0, y(0));
  g.lineTo(l.width, y(0));
  g.stroke();
  g.strokeStyle = color('good');
  g.lineWidth = 1.5;
  g.beginPath();
  all.forEach((v, i) => {
    const x = l.axis.x(v.at, l.width);
    if (i === 0) g.moveTo(x, y(v.volts));
    else {
      g.lineTo(x, y(all[i - 1]!.volts));
      g.lineTo(x, y(v.volts));
    }
  });
  const last = all.at(-1);
  if (last) g.lineTo(l.axis.x(l.replay.samples, l.width), y(last.volts));
  g.stroke();
  g.lineWidth = 1;
  g.fillStyle = color('dim');
  let free = -100;
  for (const v of all) {
    const x = l.axis.x(v.at, l.width);
    if (x < free || x > l.width) continue;
    g.fillText(`${v.volts.toFixed(1)} V`, x + 3, Math.min(lane.y + lane.height - 13, Math.max(lane.y + 1, y(v.volts) - 13)));
    free = x + 52;
  }
}

/** What an event is called in its lane: short. */
function short(e: ReplayEvent): string {
  switch (e.kind) {
    case 'digit':
    case 'key':
    case 'caller':
    case 'called':
    case 'caller-name':
      return e.text || kindOf(e.kind);
    case 'tone':
      return code('heard-tone', e.text);
    case 'modem':
      return code('heard-modem', e.text);
    case 'line-state':
      return code('state', e.text);
    case 'voice-begin':
    case 'ring-begin':
      return t('replay.lane.' + e.lane);
  }
  return kindOf(e.kind);
}

function events(g: CanvasRenderingContext2D, l: Look, lane: Lane, color: Colors): void {
  let free = g.measureText(lane.text).width + 14;
  for (const e of l.replay.events) {
    if (e.lane !== lane.id || (e.kind === 'tone' && !e.value) || (e.kind === 'modem' && !e.value) || e.kind === 'voice-end' || e.kind === 'ring-end') continue;
    const x = l.axis.x(e.at, l.width);
    const w = Math.max(2, ((e.length ?? 0) / l.axis.span) * l.width);
    if (x > l.width || x + w < 0) continue;
    const picked = l.picked === e;
    g.fillStyle = picked ? color('ring') : lane.id === 'ring' ? color('warn') : lane.id === 'recording' ? color('bad') : color('accent');
    g.globalAlpha = e.length ? 0.35 : 0.9;
    g.fillRect(x, lane.y + 2, w, lane.height - 4);
    g.globalAlpha = 1;
    g.fillRect(x, lane.y + 2, 2, lane.height - 4);
    const text = short(e);
    const wide = g.measureText(text).width;
    if (x + 4 >= free && x + 4 + wide < l.width + 20) {
      g.fillStyle = color('text');
      g.fillText(text, Math.max(4, x + 4), lane.y + 6);
      free = x + wide + 10;
    }
  }
}

function ladder(g: CanvasRenderingContext2D, l: Look, lane: Lane, color: Colors): void {
  const top = lane.y + 18;
  const bottom = lane.y + lane.height - 4;
  g.strokeStyle = color('edge');
  g.beginPath();
  g.moveTo(0, top);
  g.lineTo(l.width, top);
  g.moveTo(0, bottom);
  g.lineTo(l.width, bottom);
  g.stroke();
  let free = 0;
  for (const m of l.replay.ladder) {
    const x = l.axis.x(m.at ?? 0, l.width);
    if (x < -4 || x > l.width + 4) continue;
    g.strokeStyle = g.fillStyle = l.message === m ? color('ring') : m.severity === 'error' ? color('bad') : m.severity === 'warning' ? color('warn') : color('accent');
    const [from, to] = m.from === 'network' ? [top, bottom] : [bottom, top];
    g.beginPath();
    g.moveTo(x, from);
    g.lineTo(x, to);
    g.stroke();
    const d = to > from ? -5 : 5;
    g.beginPath();
    g.moveTo(x, to);
    g.lineTo(x - 4, to + d);
    g.lineTo(x + 4, to + d);
    g.fill();
    const w = g.measureText(m.name).width;
    if (x + 4 >= free && x + w < l.width + 10) {
      g.fillStyle = color('text');
      g.fillText(m.name, x + 5, (top + bottom) / 2 - 6);
      free = x + w + 12;
    }
  }
}
