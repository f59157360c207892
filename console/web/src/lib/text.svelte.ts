// The words of the console. Two sources: the screens' own words (src/words, one
// file per area and language, ICU MessageFormat), and the daemon's catalogue of
// codes, states, problems (/text/LANG.json), which vaactl reads too.
import { IntlMessageFormat } from 'intl-messageformat';

export type Language = 'en' | 'zh';
export type Args = Record<string, string | number | boolean | Date | null | undefined>;
type Catalogue = Record<string, string>;

const KEY = 'vaad.language';
const screens: Record<Language, () => Promise<{ default: Catalogue }>> = { en: () => import('../words/en'), zh: () => import('../words/zh') };

let words = $state.raw<Catalogue>({});
let current = $state<Language>('en');
const formats = new Map<string, IntlMessageFormat>();

/** The language of the page now. */
export function language(): Language {
  return current;
}

/** The BCP 47 tag for dates and numbers. */
export function locale(): string {
  return current === 'zh' ? 'zh-CN' : 'en-GB';
}

function preferred(): Language {
  const saved = localStorage.getItem(KEY);
  if (saved === 'en' || saved === 'zh') return saved;
  const own = navigator.languages.map((l) => l.slice(0, 2).toLowerCase()).find((l) => l === 'en' || l === 'zh');
  return own === 'zh' ? 'zh' : 'en';
}

/** Loads the words of the language that was chosen before, or is the browser's. */
export async function begin(): Promise<void> {
  await speak(preferred(), false);
}

/** Changes the language of the page at once. */
export async function speak(to: Language, remember = true): Promise<void> {
  const [own, daemon] = await Promise.all([screens[to](), fetch(`/text/${to}.json`).then((r) => (r.ok ? (r.json() as Promise<Catalogue>) : {}), () => ({}))]);
  formats.clear();
  words = { ...daemon, ...own.default };
  current = to;
  document.documentElement.lang = to === 'zh' ? 'zh-CN' : 'en';
  if (remember) localStorage.setItem(KEY, to);
}

/** The text of a key in the page's language; {name} and plurals from args. */
export function t(key: string, args?: Args): string {
  const s = words[key];
  if (s === undefined) return key;
  if (!s.includes('{')) return s;
  let f = formats.get(key);
  if (!f) {
    try {
      f = new IntlMessageFormat(s, locale(), undefined, { ignoreTag: true });
    } catch {
      return s;
    }
    formats.set(key, f);
  }
  try {
    return String(f.format(args ?? {}));
  } catch {
    return s; // a value is missing: the text itself still says something
  }
}

/** Whether a key has words. */
export function has(key: string): boolean {
  return key in words;
}

/** The words for a code of a group of the daemon's catalogue, else the code itself. */
export function code(group: string, c: string | undefined | null, args?: Args): string {
  if (!c) return '';
  return has(`${group}.${c}`) ? t(`${group}.${c}`, args) : c;
}
