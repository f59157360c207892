// Who is signed in, and what they may do.
import { api, get, onRefused, Refused, type Schemas } from './api';

export type Actor = Schemas['Actor'];

let actor = $state.raw<Actor | null>(null);
let known = $state(false);
let site = $state('');

export const session = {
  /** null: nobody is signed in. */
  get actor(): Actor | null {
    return actor;
  },
  /** false until the daemon was asked the first time. */
  get known(): boolean {
    return known;
  },
  /** What the box is called, where that is known. */
  get site(): string {
    return site || 'vaad';
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
    known = true;
  } catch (e) {
    if (e instanceof Refused && (e.problem.status === 401 || e.problem.status === 403)) {
      actor = null;
      known = true;
    } else if (!known) throw e;
  }
}

/** Sets what the box is called. */
export function showSite(name: string | undefined): void {
  site = name ?? '';
}

/** Signs out. The page is loaded anew: nothing of who was here stays in it. */
export async function leave(): Promise<void> {
  await api.POST('/logout');
  location.assign('/login');
}

onRefused((p) => {
  if (p.code === 'not-entered') actor = null;
});
