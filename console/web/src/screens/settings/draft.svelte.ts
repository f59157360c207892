// The settings as they would be: what the daemon has, what is described of them,
// and what was changed here and is not saved. One draft for all screens of
// settings; it outlives going elsewhere and loading the page anew.
import { api, get, Refused, type Schemas } from '../../lib/api';
import { language } from '../../lib/text.svelte';
import { at, join, natural, put, same, split, within, type Tree } from './paths';

export type Key = Schemas['SettingKey'];
export type Fault = { location: string; message: string };
type Edits = Record<string, unknown>; // null: back to the default, or away

const STORE = 'vaad.settings';

let base = $state(0);
let saved = $state.raw<Tree>({});
let fixed = $state.raw<string[]>([]);
let fixedBy = $state('');
let sections = $state.raw<Key[]>([]);
let edits = $state.raw<Edits>({});
let faults = $state.raw<Fault[]>([]);
let ready = $state(false);
let spoken = '';

function remember(): void {
  try {
    if (Object.keys(edits).length > 0) sessionStorage.setItem(STORE, JSON.stringify({ base, edits }));
    else sessionStorage.removeItem(STORE);
  } catch {
    // without storage the draft lives as long as the page
  }
}

/** The default element of a map, or the default of a key, as its description says. */
export function defaultOf(k: Key): unknown {
  if (k.kind === 'object') return Object.fromEntries((k.fields ?? []).map((f) => [keyName(f), defaultOf(f)]));
  if (k.default !== undefined) return k.default;
  return { text: '', whole: 0, number: 0, boolean: false, list: [], map: {}, object: {} }[k.kind];
}

export const keyName = (k: Key): string => split(k.path).at(-1)!;

/** What is described of a path. */
export function describe(path: string): Key | null {
  const keys = split(path);
  let k = sections.find((s) => s.path === keys[0]) ?? null;
  for (const one of keys.slice(1)) {
    if (!k) return null;
    k = (k.kind === 'object' ? (k.fields ?? []).find((f) => keyName(f) === one) : k.item) ?? null;
  }
  return k;
}

function applied(tree: Tree, all: Edits): Tree {
  for (const path of Object.keys(all).sort(natural)) {
    const v = all[path];
    if (v !== null) {
      const k = describe(path);
      const whole = k?.kind === 'object' && typeof v === 'object' ? { ...(defaultOf(k) as Tree), ...(v as Tree) } : v;
      tree = put(tree, path, whole);
      continue;
    }
    const keys = split(path);
    const above = describe(keys.slice(0, -1).map((x) => x.replace(/[\\.]/g, '\\$&')).join('.'));
    const k = describe(path);
    tree = put(tree, path, above?.kind === 'map' || !k ? undefined : defaultOf(k));
  }
  return tree;
}

const now = $derived(applied(saved, edits));

export const draft = {
  get ready(): boolean {
    return ready;
  },
  get version(): number {
    return base;
  },
  get sections(): Key[] {
    return sections;
  },
  get edits(): Edits {
    return edits;
  },
  get count(): number {
    return Object.keys(edits).length;
  },
  get faults(): Fault[] {
    return faults;
  },
  get fixedBy(): string {
    return fixedBy;
  },
  /** The whole as it would be. */
  get now(): Tree {
    return now;
  },
  get saved(): Tree {
    return saved;
  },
  value(path: string): unknown {
    return at(now, path);
  },
  elements(section: string): string[] {
    const m = now[section];
    return typeof m === 'object' && m !== null ? Object.keys(m).sort(natural) : [];
  },
  isFixed(path: string): boolean {
    return fixed.some((f) => within(path, f));
  },
  changed(path: string): boolean {
    return Object.keys(edits).some((e) => within(e, path));
  },
  /** What is wrong at a path; with deep, also below it. */
  fault(path: string, deep = false): string {
    return faults
      .filter((f) => f.location === path || (deep && within(f.location, path)))
      .map((f) => (f.location === path ? f.message : `${f.location.slice(path.length + 1)}: ${f.message}`))
      .join('; ');
  },
  set(path: string, value: unknown): void {
    const next: Edits = {};
    for (const [p, v] of Object.entries(edits)) if (p !== path && !(value === null && within(p, path))) next[p] = v;
    if (!(value === null ? at(saved, path) === undefined : same(at(saved, path), value))) next[path] = value;
    edits = next;
    faults = faults.filter((f) => !within(f.location, path));
    remember();
  },
  /** Back to what counts while nothing is set. */
  reset(path: string): void {
    const k = describe(path);
    if (k && same(at(saved, path), defaultOf(k))) draft.drop(path);
    else draft.set(path, null);
  },
  /** Forgets changes at or below a path. */
  drop(path = ''): void {
    edits = path === '' ? {} : Object.fromEntries(Object.entries(edits).filter(([p]) => !within(p, path)));
    faults = path === '' ? [] : faults.filter((f) => !within(f.location, path));
    remember();
  },
  blame(all: Fault[]): void {
    faults = all;
  },
  /** Takes what somebody else has made meanwhile as what the changes are based on. */
  async rebase(): Promise<void> {
    await load(true);
  },
};

/** Fetches settings and their description; changes that are not saved stay. */
export async function load(again = false): Promise<void> {
  if (ready && !again && spoken === language()) return;
  const [doc, schema] = await Promise.all([get(api.GET('/settings')), get(api.GET('/settings/schema'))]);
  const kept = ready ? null : restored();
  sections = schema.sections;
  fixed = doc.fixed;
  fixedBy = doc.fixed_by ?? '';
  saved = doc.settings as Tree;
  spoken = language();
  if (kept) edits = kept.edits;
  base = kept && kept.base <= doc.version ? kept.base : doc.version;
  if (again || Object.keys(edits).length === 0) base = doc.version;
  edits = Object.fromEntries(Object.entries(edits).filter(([p, v]) => (v === null ? at(saved, p) !== undefined : !same(at(saved, p), v))));
  ready = true;
  remember();
}

function restored(): { base: number; edits: Edits } | null {
  try {
    const v = JSON.parse(sessionStorage.getItem(STORE) ?? 'null') as { base: number; edits: Edits } | null;
    return v && typeof v.base === 'number' && typeof v.edits === 'object' ? v : null;
  } catch {
    return null;
  }
}

const body = (why: string, dry: boolean): Schemas['ChangeSettings'] => ({
  version: base,
  why,
  dry_run: dry,
  create: true,
  changes: Object.entries(edits).map(([path, value]) => ({ path, value })),
});

/** Says what saving would change. Faults are put beside their fields. */
export async function plan(): Promise<Schemas['Change'][]> {
  return (await send('', true)).changes;
}

/** Saves all changes as one version. */
export async function save(why: string): Promise<Schemas['ChangedSettings']> {
  const done = await send(why, false);
  edits = {};
  remember();
  await load(true);
  return done;
}

async function send(why: string, dry: boolean): Promise<Schemas['ChangedSettings']> {
  try {
    const out = await get(api.POST('/settings/change', { body: body(why, dry) }));
    faults = [];
    return out;
  } catch (e) {
    if (e instanceof Refused && e.code === 'settings-invalid') {
      faults = (e.problem.errors ?? []).map((x) => ({ location: x.location ?? '', message: x.message }));
    }
    throw e;
  }
}

/** Path of a line's key. */
export const ofLine = (n: number | string, key: string): string => join(join('lines', n), key);
