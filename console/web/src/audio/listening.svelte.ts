// Lines that are listened to. They go on while one moves between screens; the
// listening bar shows them.
import { SvelteMap } from 'svelte/reactivity';
import { hear, type Head, type State } from './source';
import { FULL } from './frame';
import { anyHeard } from './any.svelte';
import worklet from './worklet.js?url';

/** One line that is heard. */
class Heard {
  readonly line: number;
  state = $state<State>('connecting');
  sides = $state.raw<string[]>([]);
  volume = $state(1); // 0…2
  muted = $state(false);
  balance = $state(0); // −1: only the first side … 1: only the second
  /** What is played now: dBm0, and Hz where one tone stands out (0: none does). */
  level = $state(-99);
  hz = $state(0);

  private readonly gain: GainNode;
  private readonly analyser: AnalyserNode;
  private readonly node: AudioWorkletNode;
  private readonly leave: () => void;
  private readonly wave: Float32Array<ArrayBuffer>;
  private readonly bins: Float32Array<ArrayBuffer>;

  constructor(line: number, at: AudioContext) {
    this.line = line;
    this.node = new AudioWorkletNode(at, 'vaad-live', { numberOfInputs: 0, outputChannelCount: [1] });
    this.gain = at.createGain();
    this.analyser = at.createAnalyser();
    this.analyser.fftSize = 2048;
    this.analyser.smoothingTimeConstant = 0;
    this.wave = new Float32Array(2048);
    this.bins = new Float32Array(1024);
    this.node.connect(this.gain).connect(this.analyser).connect(at.destination);
    this.leave = hear(line, {
      head: (h: Head) => (this.sides = h.sides),
      state: (s) => (this.state = s),
      frame: (f) => this.node.port.postMessage({ sides: f.sides }),
    });
  }

  /** Lets volume, mute and balance count. */
  apply(): void {
    this.gain.gain.value = this.muted ? 0 : this.volume;
    this.node.port.postMessage({ gains: [Math.min(1, 1 - this.balance), Math.min(1, 1 + this.balance)] });
  }

  /** Measures what goes to the loudspeaker now. */
  measure(): void {
    this.analyser.getFloatTimeDomainData(this.wave);
    let sum = 0;
    for (const v of this.wave) sum += v * v;
    this.level = sum > 0 ? Math.max(-99, Math.round(10 * Math.log10((2 * sum) / this.wave.length) + FULL)) : -99;
    this.analyser.getFloatFrequencyData(this.bins);
    let best = 1;
    for (let i = 2; i < this.bins.length - 1; i++) if (this.bins[i]! > this.bins[best]!) best = i;
    let rest = 0;
    let top = 0;
    this.bins.forEach((db, i) => {
      const p = 10 ** (db / 10);
      if (Math.abs(i - best) <= 4) top += p;
      else rest += p;
    });
    // The true peak lies between bins: a parabola through three of them.
    const [a, b, c] = [this.bins[best - 1]!, this.bins[best]!, this.bins[best + 1]!];
    const off = a - 2 * b + c !== 0 ? (0.5 * (a - c)) / (a - 2 * b + c) : 0;
    this.hz = this.level > -60 && top > 4 * rest ? Math.round(((best + off) * this.analyser.context.sampleRate) / this.analyser.fftSize) : 0;
  }

  close(): void {
    this.leave();
    this.node.disconnect();
    this.gain.disconnect();
    this.analyser.disconnect();
  }
}

const all = new SvelteMap<number, Heard>();
let context: AudioContext | null = null;
let ready: Promise<void> | null = null;
let timer: ReturnType<typeof setInterval> | undefined;

/** The lines that are heard, in the order in which they were chosen. */
export const listening = all;

/** Why nothing can be heard in this browser, or here; '' where it can. */
export function cannot(): '' | 'insecure' | 'unsupported' {
  if (!window.isSecureContext) return 'insecure';
  return 'AudioWorkletNode' in window && 'WebSocket' in window ? '' : 'unsupported';
}

/** Begins to listen to a line; call it from a click, or browsers stay silent. */
export async function listen(line: number): Promise<void> {
  if (all.has(line) || cannot()) return;
  context ??= new AudioContext({ sampleRate: 8000, latencyHint: 'interactive' });
  ready ??= context.audioWorklet.addModule(worklet);
  await context.resume();
  await ready;
  if (all.has(line)) return;
  all.set(line, new Heard(line, context));
  anyHeard.now = true;
  timer ??= setInterval(() => {
    if (!document.hidden) for (const h of all.values()) h.measure();
  }, 250);
}

export function hush(line: number): void {
  all.get(line)?.close();
  all.delete(line);
  if (all.size > 0) return;
  anyHeard.now = false;
  clearInterval(timer);
  timer = undefined;
  void context?.suspend();
}

export function hushAll(): void {
  for (const line of [...all.keys()]) hush(line);
}
