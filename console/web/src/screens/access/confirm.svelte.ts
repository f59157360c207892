// Dangerous acts want the password again when it was given long ago: the daemon refuses
// them with "confirm-needed", the page asks, and sends the request once more.
import { onRefused } from '../../lib/api';
import { go, here } from '../../lib/router.svelte';

let waiting = $state.raw<((done: boolean) => void)[]>([]);

export const confirming = {
  get wanted(): boolean {
    return waiting.length > 0;
  },
};

/** Ends the question: the requests that wait for it go on, or are refused. */
export function settle(done: boolean): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one(done);
}

onRefused((p) => {
  if (p.code === 'confirm-needed') {
    return new Promise<'again' | 'refused'>((resolve) => {
      waiting = [...waiting, (done) => resolve(done ? 'again' : 'refused')];
    });
  }
  if ((p.code === 'must-change-password' || p.code === 'must-enrol') && here.path !== '/account') go('/account', true);
  return undefined;
});
