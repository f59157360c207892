// Who is signed in, and what they may do.
import { api, get, onRefused, Refused, type Schemas } from './api';

export type Actor = Schemas['Actor'];

let actor = $state.raw<Actor | null>(null);
let known = $state(false);

export const session = {
  /** null: nobody is signed in. */
  get actor(): Actor | null {
    return actor;
  },
  /** false until the daemon was asked the first time. */
  get known(): boolean {
    return known;
  },
};

/** Whether the one who is signed in holds a right on at least one line. */
export function may(verb: string): boolean {
  return actor?.verbs.includes(verb) ?? false;
}

/** Asks the daemon who is signed in. */
export async function look(): Promise<void> {
  try {
    actor = await get(api.GET('/session'));
  } catch (e) {
    if (e instanceof Refused && e.code !== 'unreachable') actor = null;
    else if (!known) throw e;
  } finally {
    known = true;
  }
}

onRefused((p) => {
  if (p.code === 'not-entered') actor = null;
});
