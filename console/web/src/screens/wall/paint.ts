// Draws what moves all the time into the tiles: only what has changed, without
// going through components, once a frame at most.
import { live } from '../../lib/live.svelte';
import { long } from '../../lib/format';
import { place } from './looks';

interface Tile {
  bars: HTMLElement[];
  at: number[];
  volts: HTMLElement;
  since: HTMLElement;
}

export class Painter {
  private readonly wall: HTMLElement;
  private tiles = new Map<number, Tile>();
  private due = new Set<number>();
  private frame = 0;
  private readonly each: ReturnType<typeof setInterval>;

  constructor(wall: HTMLElement) {
    this.wall = wall;
    this.anew();
    this.each = setInterval(() => document.hidden || this.clocks(), 1000);
  }

  close(): void {
    clearInterval(this.each);
    cancelAnimationFrame(this.frame);
  }

  /** The tiles are others. */
  anew(): void {
    this.tiles.clear();
    for (const el of this.wall.querySelectorAll<HTMLElement>('.tile')) {
      const bars = [...el.querySelectorAll<HTMLElement>('.meter i')];
      this.tiles.set(Number(el.dataset['line']), { bars, at: bars.map(() => -1), volts: el.querySelector('.volts')!, since: el.querySelector('.since')! });
    }
    this.moved(null);
    this.clocks();
  }

  /** Readings of these lines have come; null: of all. */
  moved(lines: number[] | null): void {
    for (const n of lines ?? this.tiles.keys()) this.due.add(n);
    if (!this.frame && !document.hidden) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.frame = 0;
    for (const n of this.due) {
      const tile = this.tiles.get(n);
      const r = live.reading(n);
      if (!tile || !r) continue;
      tile.bars.forEach((bar, i) => {
        const x = place(r.dbm0[i]);
        if (tile.at[i] === x) return;
        tile.at[i] = x;
        bar.style.clipPath = `inset(0 ${(100 * (1 - x)).toFixed(1)}% 0 0)`;
      });
      write(tile.volts, r.volts === null ? '' : `${r.volts.toFixed(0)} V`);
    }
    this.due.clear();
  }

  private clocks(): void {
    const now = Date.now();
    for (const [n, tile] of this.tiles) {
      const l = live.lines.get(n);
      const from = l?.call || (l && l.state !== 'idle' && l.state !== 'unused') ? l?.since : l?.recording_since;
      write(tile.since, from ? long((now - Date.parse(from)) / 1000) : '');
    }
  }
}

function write(el: HTMLElement, text: string): void {
  const node = el.firstChild;
  if (!node) el.textContent = text;
  else if (node.nodeValue !== text) node.nodeValue = text;
}
