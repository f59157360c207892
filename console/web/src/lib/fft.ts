// Spectra for the screens that show sound. Levels are in dBm0 for 16-bit linear
// samples of G.711's range: a sine of full scale (32768) is +3.17 dBm0 (G.711, A-law).

const FULL_DBM0 = 3.17;

/** A power-of-two FFT with a Hann window, made once for its size and used again. */
export class Spectrum {
  readonly size: number;
  private readonly re: Float32Array;
  private readonly im: Float32Array;
  private readonly window: Float32Array;
  private readonly cos: Float32Array;
  private readonly sin: Float32Array;
  private readonly turned: Uint16Array;

  constructor(size: number) {
    if (size < 8 || size > 65536 || (size & (size - 1)) !== 0) throw new RangeError(`FFT of ${size}: a power of two, 8…65536, is needed`);
    this.size = size;
    this.re = new Float32Array(size);
    this.im = new Float32Array(size);
    this.window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
    this.cos = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sin = Float32Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
    const bits = Math.log2(size);
    this.turned = Uint16Array.from({ length: size }, (_, i) => {
      let r = 0;
      for (let b = 0; b < bits; b++) if (i & (1 << b)) r |= 1 << (bits - 1 - b);
      return r;
    });
  }

  /** Levels in dBm0 of size/2 bins, from `size` samples at `at`; out has room for them. Samples past the end are silence. */
  levels(samples: Int16Array | Float32Array, at: number, out: Float32Array): void {
    const { size, re, im } = this;
    const scale = samples instanceof Int16Array ? 1 / 32768 : 1;
    for (let i = 0; i < size; i++) {
      re[this.turned[i]!] = (samples[at + i] ?? 0) * scale * this.window[i]!;
    }
    im.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let k = 0; k < size; k += 2 * half) {
        for (let j = 0, w = 0; j < half; j++, w += step) {
          const a = k + j;
          const b = a + half;
          const c = this.cos[w]!;
          const s = this.sin[w]!;
          const x = re[b]! * c + im[b]! * s;
          const y = im[b]! * c - re[b]! * s;
          re[b] = re[a]! - x;
          im[b] = im[a]! - y;
          re[a] = re[a]! + x;
          im[a] = im[a]! + y;
        }
      }
    }
    // A sine of amplitude 1 has |X| = size/4 in its bin under a Hann window.
    const one = 4 / size;
    for (let i = 0; i < size / 2; i++) {
      const p = (re[i]! * re[i]! + im[i]! * im[i]!) * one * one;
      out[i] = p > 0 ? 10 * Math.log10(p) + FULL_DBM0 : -120;
    }
  }
}

/** Colours of levels as RGBA words (little-endian), 256 steps from quiet to loud: even in brightness, readable without colour. */
export const heat: Uint32Array = Uint32Array.from({ length: 256 }, (_, i) => {
  const x = i / 255;
  const r = Math.round(255 * Math.min(1, Math.max(0, 1.6 * x - 0.25)));
  const g = Math.round(255 * Math.min(1, Math.max(0, 1.5 * x * x)));
  const b = Math.round(255 * Math.min(1, Math.max(0, x < 0.45 ? 0.1 + 1.3 * x : 1.25 - 1.5 * Math.abs(x - 0.75) - 0.25)));
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
});

/** The step of [heat] for a level between lo and hi dBm0. */
export function step(db: number, lo = -70, hi = 0): number {
  return Math.max(0, Math.min(255, Math.round((255 * (db - lo)) / (hi - lo))));
}
