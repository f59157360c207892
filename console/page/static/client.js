// Talks to /api/v1. Every failure is an Error whose message says what happened
// and, on the next line, what to do.
import { language, t } from './text.js';

export const root = 'api/v1';

export async function ask(method, path, body) {
  let resp;
  try {
    resp = await fetch(root + path, {
      method,
      headers: { 'Accept-Language': language(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error(t('page.unreachable'));
  }
  if (resp.status === 204) return null;
  const data = await resp.json().catch(() => null);
  if (resp.ok) return data;
  if (resp.status === 401) location.reload(); // the daemon shows how to get in
  const p = data || { title: String(resp.status) };
  const faults = (p.errors || []).map((e) => [e.location, e.message].filter(Boolean).join(': '));
  const first = p.detail ? p.title + ': ' + p.detail : p.title;
  throw new Error([first, ...faults, p.remedy].filter(Boolean).join('\n'));
}

export const get = (path) => ask('GET', path);

export function query(values) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(values)) if (v !== '' && v !== null && v !== undefined) q.set(k, v);
  const s = q.toString();
  return s ? '?' + s : '';
}
