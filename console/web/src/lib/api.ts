// The way to the daemon: the client of docs/openapi.yaml, with problems
// (RFC 9457) turned into exceptions that say what failed, where, what to do.
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';
import { language } from './text.svelte';

export type Schemas = components['schemas'];
export type Problem = paths['/session']['get']['responses']['default']['content']['application/problem+json'];

/** A refusal of the daemon, or that it could not be reached (code "unreachable"). */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title || problem.code);
    this.problem = problem;
  }
  get code(): string {
    return this.problem.code;
  }
}

/** That the daemon is not reached. */
export const unreachable = (): Refused => new Refused({ code: 'unreachable', title: '', status: 0, type: '' } as unknown as Problem);

/** What listens for refusals that concern the whole page (no session any more, password needed again). */
type Watcher = (p: Problem) => Promise<'again' | 'refused'> | void;
const watchers = new Set<Watcher>();
export function onRefused(f: Watcher): () => void {
  watchers.add(f);
  return () => watchers.delete(f);
}

const spoken: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', language() === 'zh' ? 'zh-CN' : 'en');
    return request;
  },
};

/** fetch that answers with the daemon's problem as a rejection. */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const again = input instanceof Request ? input.clone() : null;
  let resp: Response;
  try {
    resp = await fetch(input, init);
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw unreachable();
  }
  if (resp.ok) return resp;
  const p = await problemOf(resp);
  for (const w of watchers) {
    if ((await w(p)) === 'again') return request(again ?? input, init);
  }
  throw new Refused(p);
}

async function problemOf(resp: Response): Promise<Problem> {
  try {
    return (await resp.clone().json()) as Problem;
  } catch {
    return { code: 'internal', title: resp.statusText, status: resp.status } as unknown as Problem;
  }
}

const client = createClient<paths>({ baseUrl: '/api/v1', fetch: (r: Request) => request(r) });
client.use(spoken);

/** The typed client. Its calls throw [Refused]; `data` of an answer is never absent. */
export const api = client;

/** The data of an answer, as the daemon's document says. */
export async function get<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
