// What a screen shows, fetched again and again while it is open.
import { language } from '../../lib/text.svelte';

export interface Shown<T> {
  readonly data: T | null;
  readonly failed: unknown;
  readonly load: () => Promise<void>;
}

/** Fetches now, when the language changes, and every so many milliseconds (0: not again). Called while a component is made. */
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
    void load();
    if (!every) return;
    const each = setInterval(() => document.hidden || void load(), every);
    return () => clearInterval(each);
  });
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
