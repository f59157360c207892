// The words of the page: the same catalogue as the daemon's and vaactl's.
let words = {};
let lang = 'en';

const KEY = 'vaad.lang';

export function language() {
  return lang;
}

// preferred is what the reader chose before, or the browser's language.
export function preferred() {
  const saved = localStorage.getItem(KEY);
  if (saved === 'en' || saved === 'zh') return saved;
  const own = (navigator.languages || []).map((l) => l.slice(0, 2).toLowerCase()).find((l) => l === 'en' || l === 'zh');
  return own || 'en';
}

export async function load(l, remember) {
  const resp = await fetch('text/' + l + '.json');
  if (!resp.ok) throw new Error('text/' + l + '.json: ' + resp.status);
  words = await resp.json();
  lang = l;
  if (remember) localStorage.setItem(KEY, l);
  document.documentElement.lang = l === 'zh' ? 'zh-CN' : 'en';
  for (const el of document.querySelectorAll('[data-t]')) el.textContent = t(el.dataset.t);
  for (const el of document.querySelectorAll('[data-t-label]')) el.setAttribute('aria-label', t(el.dataset.tLabel));
}

// t is the text of a key with {name} replaced by args.name.
export function t(key, args) {
  const s = words[key];
  if (s === undefined) return key;
  return args ? s.replace(/\{(\w+)\}/g, (whole, name) => (name in args ? String(args[name]) : whole)) : s;
}

// code is the words for a code of a group, or the code itself.
export function code(group, c) {
  return words[group + '.' + c] ?? c ?? '';
}
