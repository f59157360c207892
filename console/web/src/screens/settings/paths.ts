// Paths of settings, as the daemon reads them: keys with dots between; a
// backslash keeps the next character.
export type Tree = { [key: string]: unknown };

export function split(path: string): string[] {
  const keys: string[] = [''];
  for (let i = 0; i < path.length; i++) {
    const c = path[i]!;
    if (c === '\\' && i + 1 < path.length) keys.push((keys.pop() ?? '') + path[++i]!);
    else if (c === '.') keys.push('');
    else keys.push((keys.pop() ?? '') + c);
  }
  return keys;
}

const escape = (key: string): string => key.replace(/[\\.]/g, '\\$&');
export const join = (path: string, key: string | number): string => (path ? path + '.' : '') + escape(String(key));

/** Whether path is at top or below it. */
export const within = (path: string, top: string): boolean => path === top || path.startsWith(top + '.');

/** The value at a path, through lists too. */
export function at(tree: unknown, path: string): unknown {
  let v = tree;
  for (const k of split(path)) {
    if (typeof v !== 'object' || v === null) return undefined;
    v = (v as Tree)[k];
  }
  return v;
}

/** A copy of the tree with another value at a path; undefined takes it away. Lists on the way are not entered. */
export function put(tree: Tree, path: string, value: unknown): Tree {
  const [first, ...rest] = split(path);
  const out = { ...tree };
  if (rest.length === 0) {
    if (value === undefined) delete out[first!];
    else out[first!] = value;
    return out;
  }
  const below = out[first!];
  const inside = typeof below === 'object' && below !== null && !Array.isArray(below) ? (below as Tree) : {};
  out[first!] = put(inside, rest.map(escape).join('.'), value);
  return out;
}

/** Whether two values of JSON are the same, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const ka = Object.keys(a);
  return ka.length === Object.keys(b).length && ka.every((k) => k in b && same((a as Tree)[k], (b as Tree)[k]));
}

/** Keys in the order of the numbers in them: 2 before 10. */
export const natural = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
