// The sound of a player: one audio element, whose two channels are the sides of a
// recording. The element keeps the pitch at every speed and asks the daemon for the
// parts it needs; nothing is decoded as a whole.
export interface Stretch {
  from: number;
  to: number;
}

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3];

export class Engine {
  time = $state(0);
  playing = $state(false);
  waiting = $state(false);
  failed = $state(false);
  speed = $state(1);
  volume = $state(1);
  /** −1: only the first side, 0: both, 1: only the second. */
  balance = $state(0);
  /** Both sides in both ears. */
  mono = $state(true);
  skip = $state(false);
  a = $state<number | null>(null);
  b = $state<number | null>(null);
  duration = $state(0);
  silence: Stretch[] = [];

  private el: HTMLAudioElement | null = null;
  private context: AudioContext | null = null;
  private gains: GainNode[] = []; // first side to the left and right ear, second side to both
  private frame = 0;
  private address: () => string;
  private stereo: boolean;
  private ended = false;

  constructor(address: () => string, duration: number, stereo: boolean) {
    this.address = address;
    this.duration = duration;
    this.stereo = stereo;
  }

  /** The audio element, made when somebody first wants to hear something: opening a player is no listening. */
  private element(): HTMLAudioElement {
    if (this.el) return this.el;
    const el = new Audio();
    el.preload = 'auto';
    el.src = this.address();
    el.preservesPitch = true;
    el.addEventListener('waiting', () => (this.waiting = true));
    for (const e of ['playing', 'canplay', 'seeked'] as const) el.addEventListener(e, () => (this.waiting = false));
    el.addEventListener('play', () => {
      this.playing = true;
      this.tick();
    });
    el.addEventListener('pause', () => (this.playing = false));
    el.addEventListener('ended', () => {
      this.playing = false;
      this.ended = true;
      this.time = this.duration;
    });
    el.addEventListener('error', () => {
      this.failed = true;
      this.playing = this.waiting = false;
    });
    el.addEventListener('timeupdate', () => this.look());
    this.el = el;
    el.currentTime = this.time;
    return el;
  }

  /** Puts the two channels where they are wanted. */
  private wire(): void {
    if (this.context) return;
    const c = new AudioContext();
    const split = c.createChannelSplitter(2);
    const merge = c.createChannelMerger(2);
    const source = c.createMediaElementSource(this.element());
    source.connect(split);
    for (let i = 0; i < 4; i++) {
      const g = c.createGain();
      split.connect(g, this.stereo ? i >> 1 : 0);
      g.connect(merge, 0, i & 1);
      this.gains.push(g);
    }
    merge.connect(c.destination);
    this.context = c;
    this.mix();
  }

  private mix(): void {
    const one = this.stereo ? Math.min(1, 1 - this.balance) : 1;
    const two = this.stereo ? Math.min(1, 1 + this.balance) : 0;
    const alone = Math.abs(this.balance) === 1;
    const wide = this.stereo && !this.mono && !alone;
    [one, wide ? 0 : one, wide ? 0 : two, two].forEach((v, i) => {
      const g = this.gains[i];
      if (g) g.gain.value = v * this.volume;
    });
  }

  /** Follows the time while it plays. */
  private tick(): void {
    cancelAnimationFrame(this.frame);
    const step = (): void => {
      this.look();
      if (this.playing) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private look(): void {
    const el = this.el;
    if (!el || el.seeking) return;
    const t = el.currentTime;
    if (this.b !== null && this.playing && t >= this.b) {
      this.seek(this.a ?? 0);
      return;
    }
    if (this.skip && this.playing) {
      const s = this.silence.find((s) => t >= s.from && t < s.to - 0.1);
      if (s) {
        this.seek(Math.min(s.to, this.duration));
        return;
      }
    }
    this.time = this.ended ? this.duration : Math.min(t, this.duration);
  }

  async play(): Promise<void> {
    const el = this.element();
    this.wire();
    this.failed = false;
    if (this.ended || this.time >= this.duration - 0.05) this.seek(this.a ?? 0);
    el.playbackRate = this.speed;
    this.waiting = el.readyState < 3;
    await this.context?.resume();
    await el.play().catch((e: unknown) => {
      if (!(e instanceof DOMException && e.name === 'AbortError')) this.failed = true;
      this.waiting = false;
    });
  }

  pause(): void {
    this.el?.pause();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else void this.play();
  }

  seek(to: number): void {
    this.time = Math.max(0, Math.min(this.duration, to));
    this.ended = false;
    if (this.el) this.el.currentTime = this.time;
  }

  jump(by: number): void {
    this.seek(this.time + by);
  }

  setSpeed(to: number): void {
    this.speed = to;
    if (this.el) this.el.playbackRate = to;
  }

  setVolume(to: number): void {
    this.volume = to;
    this.mix();
  }

  setBalance(to: number): void {
    this.balance = to;
    this.mix();
  }

  setMono(to: boolean): void {
    this.mono = to;
    this.mix();
  }

  /** Repeats from a to b; null: no more. */
  loop(a: number | null, b: number | null): void {
    if (a !== null && b !== null && b < a) [a, b] = [b, a];
    if (a !== null && b !== null && b - a < 0.1) b = Math.min(this.duration, a + 0.1);
    this.a = a;
    this.b = b;
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.el?.pause();
    this.el?.removeAttribute('src');
    this.el?.load();
    void this.context?.close();
    this.el = this.context = null;
  }
}
