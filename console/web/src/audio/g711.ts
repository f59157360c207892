// G.711 as samples between −1 and 1 (ITU-T G.711: A-law and µ-law).

function alaw(code: number): number {
  const v = code ^ 0x55;
  const seg = (v & 0x70) >> 4;
  let m = (v & 0x0f) << 4;
  m = seg === 0 ? m + 8 : (m + 0x108) << (seg - 1);
  return v & 0x80 ? m : -m;
}

function ulaw(code: number): number {
  const v = ~code & 0xff;
  const m = ((((v & 0x0f) << 3) + 0x84) << ((v & 0x70) >> 4)) - 0x84;
  return v & 0x80 ? -m : m;
}

const table = (f: (code: number) => number): Float32Array => Float32Array.from({ length: 256 }, (_, i) => f(i) / 32768);

/** Samples by code, for each law. */
export const laws: Record<string, Float32Array> = { alaw: table(alaw), ulaw: table(ulaw) };
