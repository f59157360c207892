// The axis of time: which part is looked at, and where the cursor stands. Both are
// in samples from the first one; what happened before it is negative.
import { RATE } from './data';

/** The closest look: 10 ms. */
const CLOSEST = RATE / 100;

export class Axis {
  readonly first: number;
  readonly last: number;
  from = $state(0);
  to = $state(0);
  cursor = $state(0);

  constructor(first: number, last: number) {
    this.first = Math.min(0, first);
    this.last = Math.max(last, this.first + CLOSEST);
    this.from = this.first;
    this.to = this.last;
  }

  get span(): number {
    return this.to - this.from;
  }

  show(from: number, span = this.span): void {
    const s = Math.min(this.last - this.first, Math.max(CLOSEST, Math.round(span)));
    this.from = Math.round(Math.max(this.first, Math.min(this.last - s, from)));
    this.to = this.from + s;
  }
  all(): void {
    this.show(this.first, this.last - this.first);
  }
  /** Zooms around a sample, by default the cursor where it is seen. */
  zoom(by: number, around?: number): void {
    const mid = around ?? (this.cursor >= this.from && this.cursor <= this.to ? this.cursor : (this.from + this.to) / 2);
    const s = Math.min(this.last - this.first, Math.max(CLOSEST, this.span * by));
    this.show(mid - ((mid - this.from) / this.span) * s, s);
  }
  scroll(by: number): void {
    this.show(this.from + this.span * by);
  }
  /** Puts the cursor somewhere; it is brought into view. */
  point(at: number, center = false): void {
    this.cursor = Math.round(Math.max(this.first, Math.min(this.last, at)));
    if (center || this.cursor < this.from || this.cursor > this.to) this.show(this.cursor - this.span / 2);
  }
  /** Shows a stretch with some room around it. */
  frame(at: number, length: number): void {
    this.cursor = Math.round(at);
    const s = Math.max(length * 1.6, RATE / 5);
    this.show(at + length / 2 - s / 2, s);
  }
  x(at: number, width: number): number {
    return ((at - this.from) / this.span) * width;
  }
  at(x: number, width: number): number {
    return this.from + (x / width) * this.span;
  }
  /** Places of the ruler, no closer than 70 pixels, with their words. */
  ticks(width: number): { at: number; text: string }[] {
    const steps = [8, 16, 40, 80, 160, 400, 800, 1600, 4000, 8000, 16000, 40000, 80000, 120000, 240000, 480000, 960000, 2400000, 4800000, 14400000, 28800000];
    const step = steps.find((s) => (s / this.span) * width >= 70) ?? 57600000;
    const out: { at: number; text: string }[] = [];
    for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) out.push({ at, text: place(at, step) });
    return out;
  }
}

/** A place on the axis: minutes, seconds, and milliseconds as far as they tell places apart. */
export function place(at: number, step = 8): string {
  const sign = at < 0 ? '−' : '';
  const ms = Math.abs(at) / 8;
  const s = Math.floor(ms / 1000);
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  const two = (n: number): string => String(n).padStart(2, '0');
  const whole = h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  if (step >= RATE) return sign + whole;
  const rest = ms - s * 1000;
  return `${sign}${whole}.${step >= RATE / 10 ? Math.floor(rest / 100) : step >= RATE / 100 ? two(Math.floor(rest / 10)) : String(Math.floor(rest)).padStart(3, '0')}`;
}
