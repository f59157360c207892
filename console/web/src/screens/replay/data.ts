// What the replay asks the daemon for.
import type { Peaks } from '../../audio/peaks';
import { api, get, request, type Schemas } from '../../lib/api';

export type Replay = Schemas['Replay'];
export type ReplayEvent = Schemas['ReplayEvent'];
export type Message = Schemas['LadderMessage'];
export type Redecoded = Schemas['Redecoded'];

/** Samples a second of everything on the axis. */
export const RATE = 8000;

export const replayOf = (id: string): Promise<Replay> => get(api.GET('/recordings/{id}/replay', { params: { path: { id } } }));
export const redecode = (id: string): Promise<Redecoded> => get(api.POST('/recordings/{id}/redecode', { params: { path: { id } } }));
export const peaksOf = (id: string, from: number, to: number, points: number): Promise<Peaks> =>
  get(api.GET('/recordings/{id}/peaks', { params: { path: { id }, query: { from: from / RATE, to: to / RATE, points } } }));

/** The samples of one side, fetched in pieces by range, the last ones kept. */
export class Audio {
  private readonly url: string;
  private head: Promise<{ at: number; samples: number }> | null = null;
  private readonly pieces = new Map<number, Promise<Int16Array>>();
  static readonly PIECE = 65536;
  static readonly KEPT = 96; // pieces: 12 MiB

  constructor(id: string, side: string) {
    this.url = `/api/v1/recordings/${id}/audio?side=${side}&format=pcm16`;
  }

  private async bytes(from: number, to: number): Promise<ArrayBuffer> {
    const r = await request(this.url, { headers: { Range: `bytes=${from}-${to - 1}` } });
    return r.arrayBuffer();
  }

  private async begin(): Promise<{ at: number; samples: number }> {
    const v = new DataView(await this.bytes(0, 512));
    for (let at = 12; at + 8 <= v.byteLength; ) {
      const size = v.getUint32(at + 4, true);
      if (v.getUint32(at, false) === 0x64617461) return { at: at + 8, samples: Math.floor(size / 2) }; // "data"
      at += 8 + size + (size & 1);
    }
    return { at: 0, samples: 0 };
  }

  private piece(n: number): Promise<Int16Array> {
    let p = this.pieces.get(n);
    if (p) this.pieces.delete(n); // it is the newest now
    p ??= this.fetched(n);
    this.pieces.set(n, p);
    p.catch(() => this.pieces.delete(n));
    for (const old of this.pieces.keys()) {
      if (this.pieces.size <= Audio.KEPT) break;
      this.pieces.delete(old);
    }
    return p;
  }

  private async fetched(n: number): Promise<Int16Array> {
    const { at, samples } = await (this.head ??= this.begin());
    const from = n * Audio.PIECE;
    const to = Math.min(samples, from + Audio.PIECE);
    if (to <= from) return new Int16Array(0);
    return new Int16Array(await this.bytes(at + 2 * from, at + 2 * to));
  }

  /** Samples [from, to); what lies outside of the recording is silence. */
  async samples(from: number, to: number): Promise<Int16Array> {
    const out = new Int16Array(to - from);
    const first = Math.max(0, Math.floor(from / Audio.PIECE));
    const last = Math.floor((to - 1) / Audio.PIECE);
    const wanted: Promise<[number, Int16Array]>[] = [];
    for (let n = first; n <= last; n++) wanted.push(this.piece(n).then((p) => [n * Audio.PIECE, p]));
    for (const [at, p] of await Promise.all(wanted)) {
      const a = Math.max(from, at);
      const b = Math.min(to, at + p.length);
      if (b > a) out.set(p.subarray(a - at, b - at), a - from);
    }
    return out;
  }
}
