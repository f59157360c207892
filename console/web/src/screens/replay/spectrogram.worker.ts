// Computes tiles of a spectrogram, so that the page never waits for them.
import { Spectrum, step } from '../../lib/fft';

export interface Wish {
  key: string;
  samples: Int16Array;
  columns: number;
  hop: number;
  size: number;
}
export interface Tile {
  key: string;
  columns: number;
  bins: number;
  /** Column by column, lowest frequency first: steps of the palette. */
  levels: Uint8Array;
}

const made = new Map<number, Spectrum>();

self.onmessage = (e: MessageEvent<Wish>): void => {
  const { key, samples, columns, hop, size } = e.data;
  let f = made.get(size);
  if (!f) made.set(size, (f = new Spectrum(size)));
  const bins = size / 2;
  const levels = new Uint8Array(columns * bins);
  const one = new Float32Array(bins);
  for (let c = 0; c < columns; c++) {
    f.levels(samples, c * hop, one);
    for (let b = 0; b < bins; b++) levels[c * bins + b] = step(one[b]!);
  }
  const tile: Tile = { key, columns, bins, levels };
  self.postMessage(tile, { transfer: [levels.buffer] });
};
