// What a screen shows, fetched anew while it is open.
import { poll } from './poll';
import { language } from './text.svelte';

export interface Shown<T> {
  /** What was fetched last; it stays while fetching fails. */
  readonly data: T | null;
  readonly failed: unknown;
  readonly load: () => Promise<void>;
}

/**
 * Fetches now, when the language or what fetch reads changes, and every so many milliseconds (0: not again) while the page is
 * seen. Called while a component is made.
 */
export function shown<T>(fetch: () => Promise<T>, every = 0): Shown<T> {
  let data = $state.raw<T | null>(null);
  let failed = $state.raw<unknown>(null);
  let turn = 0;
  async function load(): Promise<void> {
    const mine = ++turn;
    try {
      const d = await fetch();
      if (mine === turn) {
        data = d;
        failed = null;
      }
    } catch (e) {
      if (mine === turn) failed = e;
    }
  }
  $effect(() => {
    void language();
    if (every) return poll(load, every);
    void load();
  });
  $effect(() => () => void turn++);
  return {
    get data() {
      return data;
    },
    get failed() {
      return failed;
    },
    load,
  };
}
