// A list that is fetched page by page, and anew when what is searched for changes.
import { untrack } from 'svelte';
import { language } from './text.svelte';

export interface Paged<T> {
  readonly items: T[];
  /** There is another page. */
  readonly more: boolean;
  readonly busy: boolean;
  readonly failed: unknown;
  /** How often a first page has come: what hangs on the list begins anew with it. */
  readonly round: number;
  /** Fetches the first page again. */
  readonly load: () => Promise<void>;
  /** Fetches the next page. */
  readonly next: () => Promise<void>;
}

/**
 * Fetches pages: fetch is given what the last page said of the next ("" for the first), and a signal that ends when nobody
 * wants the answer any more. What fetch reads before it waits begins the list anew when it changes. Called while a component is made.
 */
export function paged<T>(fetch: (after: string, signal: AbortSignal) => Promise<{ items: T[]; next?: string }>): Paged<T> {
  let items = $state.raw<T[]>([]);
  let after = $state('');
  let busy = $state(true);
  let failed = $state.raw<unknown>(null);
  let round = $state(0);
  let running: AbortController | undefined;

  async function get(from: string): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    busy = true;
    failed = null;
    try {
      const p = await fetch(from, mine.signal);
      if (mine.signal.aborted) return;
      items = from ? [...untrack(() => items), ...p.items] : p.items;
      after = p.next ?? '';
      if (!from) round++;
    } catch (e) {
      if (!mine.signal.aborted) failed = e;
    } finally {
      if (!mine.signal.aborted) busy = false;
    }
  }
  $effect(() => {
    void language();
    void get('');
    return () => running?.abort();
  });
  return {
    get items() {
      return items;
    },
    get more() {
      return after !== '' && !failed;
    },
    get busy() {
      return busy;
    },
    get failed() {
      return failed;
    },
    get round() {
      return round;
    },
    load: () => get(''),
    next: () => get(after),
  };
}
