// One frame of live audio, as docs/api.md describes it.
export interface Frame {
  /** Position of the first sample, in samples of the board's clock. */
  pos: number;
  /** One per side, the same length. */
  sides: Float32Array[];
}

const VERSION = 1;
const HEADER = 12;

/** What a binary message holds; null: it is none that this page understands. */
export function frameOf(b: ArrayBuffer, law: Float32Array): Frame | null {
  if (b.byteLength < HEADER) return null;
  const v = new DataView(b);
  const sides = v.getUint8(1);
  const n = v.getUint16(2, true);
  if (v.getUint8(0) !== VERSION || b.byteLength !== HEADER + sides * n) return null;
  const out: Float32Array[] = [];
  for (let s = 0; s < sides; s++) {
    const codes = new Uint8Array(b, HEADER + s * n, n);
    const pcm = new Float32Array(n);
    for (let i = 0; i < n; i++) pcm[i] = law[codes[i]!]!;
    out.push(pcm);
  }
  return { pos: Number(v.getBigUint64(4, true)), sides: out };
}

/** Full scale of a sine, dBm0 (A-law). */
export const FULL = 3.14;
