// What the screens of recordings ask the daemon for.
import { request, type Schemas } from '../../lib/api';
import { language } from '../../lib/text.svelte';

export type Recording = Schemas['Recording'];
export type Moment = Schemas['Moment'];
export type Acted = Schemas['Acted'];

export interface Page {
  items: Recording[];
  next?: string;
  total?: number;
  at_least?: boolean;
  partial?: boolean;
}

export type Query = Record<string, string>;

/** One operation whose parameters are put together by hand: lists are comma-separated. */
export async function ask<T>(method: string, path: string, query: Query = {}, body?: unknown, signal?: AbortSignal): Promise<T> {
  const q = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== '')).toString();
  const headers: Record<string, string> = { 'Accept-Language': language() === 'zh' ? 'zh-CN' : 'en' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const resp = await request('/api/v1' + path + (q ? '?' + q : ''), { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  return (resp.status === 204 ? undefined : await resp.json()) as T;
}

/** The address of a recording's audio: both sides in one file, half as large as PCM. */
export function audioOf(id: string): string {
  return `/api/v1/recordings/${id}/audio?side=stereo&format=compact`;
}

// The results that were last looked at, so that a player can go to the next one.
const KEY = 'vaad.recordings.results';

export function keepResults(ids: string[], query: string, more: boolean): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ids: ids.slice(0, 2000), query, more }));
  } catch {
    // without room there is no next one
  }
}

export function results(): { ids: string[]; query: string; more: boolean } {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '') as { ids: string[]; query: string; more?: boolean };
    return { ids: kept.ids ?? [], query: kept.query ?? '', more: kept.more ?? false };
  } catch {
    return { ids: [], query: '', more: false };
  }
}

/** The field that a dialog begins with. */
export function first(field: HTMLElement): void {
  field.setAttribute('autofocus', ''); // the browser's dialog looks for it when it opens
}
