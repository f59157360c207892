// How the box is reached, as the daemon tells it, and changes of it.
import { api, get, type Schemas } from '../../lib/api';
import { join } from '../settings/paths';

export type Network = Schemas['Network'];
export interface Wish {
  enabled: boolean;
  addresses: string[];
  port: number;
  tls: 'own-ca' | 'given';
  cert_file: string;
  key_file: string;
  names: string[];
  mdns_name: string;
  plain_loopback: boolean;
  redirect_port: number;
  hsts: boolean;
  metrics_address: string;
}

export const load = (): Promise<Network> => get(api.GET('/network'));

export async function wish(): Promise<Wish> {
  const s = await get(api.GET('/settings/value', { params: { query: { path: 'network' } } }));
  return s.value as Wish;
}

/** Changes what differs, in one version of the settings. */
export async function change(was: Wish, is: Wish): Promise<void> {
  const changes = (Object.keys(is) as (keyof Wish)[])
    .filter((k) => JSON.stringify(was[k]) !== JSON.stringify(is[k]))
    .map((k) => ({ path: join('network', k), value: is[k] as unknown }));
  if (changes.length) await get(api.POST('/settings/change', { body: { changes, why: '' } as never }));
}

/** A name for the local network as the daemon takes it, whatever people type: “Recorder.local” is recorder. */
export const label = (s: string): string =>
  s
    .trim()
    .toLowerCase()
    .replace(/\.local\.?$/, '');

/** Words of a field as a list: by line, comma or blank. */
export const list = (s: string): string[] => s.split(/[\s,，、;；]+/).filter(Boolean);
