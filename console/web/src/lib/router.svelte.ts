// Where the reader is: the address bar is the state. Links are plain <a href>;
// clicks on them are taken here, so that the page is not loaded anew.
let path = $state(location.pathname);
let query = $state.raw(new URLSearchParams(location.search));

export const here = {
  get path(): string {
    return path;
  },
  get query(): URLSearchParams {
    return query;
  },
};

function read(): void {
  path = location.pathname;
  query = new URLSearchParams(location.search);
}

/** Goes to an address. */
export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  const before = path;
  read();
  if (path !== before) scrollTo(0, 0);
}

/** Changes parameters of the address; empty ones leave it. Typing replaces, choosing pushes. Says whether anything changed. */
export function ask(params: Record<string, string | number | boolean | null | undefined>, replace = false): boolean {
  const q = new URLSearchParams(location.search);
  for (const [k, v] of Object.entries(params)) {
    if (v === null || v === undefined || v === '' || v === false) q.delete(k);
    else q.set(k, String(v));
  }
  const s = q.toString();
  const to = location.pathname + (s ? '?' + s : '');
  if (to === location.pathname + location.search) return false;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  read();
  return true;
}

addEventListener('popstate', read);
addEventListener('click', (e) => {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const a = (e.target as Element | null)?.closest?.('a');
  if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
  const url = new URL(a.href);
  if (/^\/(api|text|metrics|healthz|openapi)/.test(url.pathname) && !url.pathname.startsWith('/api-docs')) return;
  if (url.hash && url.pathname === location.pathname) return;
  e.preventDefault();
  go(url.pathname + url.search + url.hash);
});

/** A part of an address without its escapes; one that has wrong ones is as it is. */
function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The parameters of a pattern ("/lines/:n") in a path; null if it does not fit. */
export function match(pattern: string, at: string): Record<string, string> | null {
  const a = pattern.split('/').filter(Boolean);
  const b = at.split('/').filter(Boolean);
  const rest = a.at(-1) === '*';
  if (rest ? b.length < a.length - 1 : a.length !== b.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of a.entries()) {
    if (part === '*') {
      found['*'] = b.slice(i).map(plain).join('/');
      break;
    }
    if (part.startsWith(':')) found[part.slice(1)] = plain(b[i] ?? '');
    else if (part !== b[i]) return null;
  }
  return found;
}
