// The spectrogram of one side in tiles: each level of zoom has its own, of 256
// columns; what was computed last is kept.
import { heat } from '../../lib/fft';
import { Audio } from './data';
import type { Tile, Wish } from './spectrogram.worker';

const COLUMNS = 256;
const KEPT = 160; // tiles: up to 256 × 256 × 4 bytes each
/** The longest part whose audio is fetched for a spectrogram, in samples: two minutes. */
export const LONGEST = 120 * 8000;

/** How samples become columns where one pixel is so many of them. */
function grain(perPixel: number): { hop: number; size: number } {
  const hop = 2 ** Math.max(2, Math.min(12, Math.round(Math.log2(Math.max(1, perPixel)))));
  return { hop, size: hop <= 8 ? 128 : hop <= 32 ? 256 : 512 };
}

export class Spectrogram {
  private readonly audio: Map<string, Audio>;
  private readonly worker: Worker;
  private readonly tiles = new Map<string, OffscreenCanvas | null>(); // null: on its way
  private readonly changed: () => void;
  private closed = false;

  constructor(audio: Map<string, Audio>, changed: () => void) {
    this.audio = audio;
    this.changed = changed;
    this.worker = new Worker(new URL('./spectrogram.worker.ts', import.meta.url), { type: 'module' });
    this.worker.onmessage = (e: MessageEvent<Tile>) => this.painted(e.data);
  }

  close(): void {
    this.closed = true;
    this.worker.terminate();
  }

  private painted(t: Tile): void {
    const c = new OffscreenCanvas(t.columns, t.bins);
    const g = c.getContext('2d');
    if (!g) return;
    const image = g.createImageData(t.columns, t.bins);
    const words = new Uint32Array(image.data.buffer);
    for (let x = 0; x < t.columns; x++) {
      for (let b = 0; b < t.bins; b++) words[(t.bins - 1 - b) * t.columns + x] = heat[t.levels[x * t.bins + b]!]!;
    }
    g.putImageData(image, 0, 0);
    this.tiles.set(t.key, c);
    this.changed();
  }

  private async wish(key: string, side: string, n: number, hop: number, size: number): Promise<void> {
    this.tiles.set(key, null);
    try {
      const from = n * COLUMNS * hop - size / 2;
      const samples = await this.audio.get(side)!.samples(from, from + COLUMNS * hop + size);
      if (this.closed) return;
      const w: Wish = { key, samples, columns: COLUMNS, hop, size };
      this.worker.postMessage(w, [samples.buffer]);
    } catch {
      this.tiles.delete(key); // it is asked for again when it is looked at again
    }
  }

  /** Draws what is there of a part of a side, and asks for the rest. */
  draw(g: CanvasRenderingContext2D, side: string, from: number, to: number, y: number, width: number, height: number): void {
    const { hop, size } = grain((to - from) / width);
    const each = COLUMNS * hop;
    g.imageSmoothingEnabled = false;
    for (let n = Math.max(0, Math.floor(from / each)); n * each < to; n++) {
      const key = `${side} ${hop} ${n}`;
      const tile = this.tiles.get(key);
      if (tile === undefined) void this.wish(key, side, n, hop, size);
      if (!tile) continue;
      this.tiles.delete(key);
      this.tiles.set(key, tile);
      const x = ((n * each - from) / (to - from)) * width;
      g.drawImage(tile, x, y, (each / (to - from)) * width, height);
    }
    for (const old of this.tiles.keys()) {
      if (this.tiles.size <= KEPT) break;
      this.tiles.delete(old);
    }
  }
}
