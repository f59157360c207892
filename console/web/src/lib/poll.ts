// Fetching again and again, while somebody looks.

/**
 * Calls f now, every so many milliseconds while the page is seen, and at once when it is seen again after longer. A call
 * that is still under way is waited for (30 s at most), so that a slow network is asked less often. Ends with the function that it answers.
 */
export function poll(f: () => unknown, every: number): () => void {
  const LOST = 30_000; // ms after which nothing more is expected of a call
  let busy = false;
  let last = 0;
  const run = async (): Promise<void> => {
    const mine = (last = Date.now());
    busy = true;
    try {
      await f();
    } finally {
      if (mine === last) busy = false;
    }
  };
  const due = (): boolean => !document.hidden && (!busy || Date.now() - last > LOST);
  const seen = (): void => {
    if (due() && Date.now() - last >= every) void run();
  };
  void run();
  const each = setInterval(() => due() && void run(), every);
  document.addEventListener('visibilitychange', seen);
  return () => {
    clearInterval(each);
    document.removeEventListener('visibilitychange', seen);
  };
}
