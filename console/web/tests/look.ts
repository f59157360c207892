// What is looked at on every screen, by measuring: no violation of WCAG 2.2 AA,
// nothing that overflows, no text that is cut, no word that is missing.
import type { BrowserContext, Page } from '@playwright/test';
import { createRequire } from 'node:module';

interface Axe {
  run(on: Document, how: object): Promise<{ violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Brings axe into every page of a context, as the policy lets no script in later. */
export async function bringAxe(context: BrowserContext): Promise<void> {
  await context.addInitScript({ path: axe });
}

/** Violations of WCAG 2.2 A and AA, one line each. */
export async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: Axe }).axe;
    const found = await axe.run(document, {
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
      rules: { 'target-size': { enabled: true } },
      resultTypes: ['violations'],
    });
    return found.violations.flatMap((v) => v.nodes.slice(0, 5).map((n) => `axe ${v.id}: ${v.help}: ${n.target.join(' ')}: ${(n.failureSummary ?? '').split('\n').slice(1, 3).join(' ').trim()}`));
  });
}

/** What sticks out or is cut, one line each. */
export async function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const html = document.documentElement;
    const where = (e: Element): string => `${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''}${[...e.classList].filter((c) => !c.startsWith('svelte-')).map((c) => '.' + c).join('')} "${(e.textContent ?? '').trim().slice(0, 40)}"`;
    if (html.scrollWidth > html.clientWidth + 1) {
      const far = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > html.clientWidth + 1 && e.getBoundingClientRect().width > 0);
      found.push(`the page is ${html.scrollWidth} px wide, the window ${html.clientWidth}: ${far.slice(0, 3).map(where).join(', ')}`);
    }
    for (const e of document.querySelectorAll('body *')) {
      if (!(e instanceof HTMLElement) || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (['INPUT', 'TEXTAREA', 'SELECT', 'OPTION', 'CANVAS'].includes(e.tagName)) continue;
      const own = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && (n.textContent ?? '').trim() !== '');
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      if (!own || box.width < 3 || box.height < 3) continue; // for screen readers alone
      const over = e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0;
      const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
      const tight = ['BUTTON', 'TH', 'TD', 'LABEL', 'SUMMARY'].includes(e.tagName) || e.classList.contains('badge');
      if (over && hides && !e.title && !e.closest('[title]')) found.push(`cut: ${where(e)}: ${e.scrollWidth} px in ${e.clientWidth}`);
      else if (over && !hides && tight && style.overflowX === 'visible') found.push(`sticks out: ${where(e)}: ${e.scrollWidth} px in ${e.clientWidth}`);
      if (style.overflowY === 'hidden' && e.scrollHeight > e.clientHeight + 3 && style.display !== 'inline' && !e.title) found.push(`cut below: ${where(e)}: ${e.scrollHeight} px in ${e.clientHeight}`);
    }
    return found;
  });
}

/** Texts that are keys without words, and English ones on a Chinese page that do not say so. */
export async function wordless(page: Page, language: 'en' | 'zh'): Promise<string[]> {
  return page.evaluate((language) => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = walker.nextNode(); n; n = walker.nextNode()) {
      const at = n.parentElement;
      const text = (n.textContent ?? '').trim();
      if (!at || !text || at.closest('code, pre, kbd, samp, script, style, textarea, option, [lang="en"], [translate="no"]') || !at.checkVisibility()) continue;
      if (/^[a-z][a-z-]{1,15}(\.[a-z][a-z0-9_-]*)+$/.test(text) && !/\.(wav|csv|json|toml|zip|pem|local|db)$/.test(text)) found.push(`no words for "${text}"`);
      if (/\{[a-z_]+[,}]/i.test(text)) found.push(`a placeholder is shown: "${text.slice(0, 60)}"`);
      if (/\b(undefined|NaN|Invalid Date|\[object)\b/.test(text)) found.push(`"${text.slice(0, 60)}" is shown`);
      if (language === 'zh' && /^(?:[A-Za-z',.;:()/-]+\s+){3,}[A-Za-z',.;:()/-]+/.test(text) && !/[一-鿿]/.test(text)) found.push(`English on the Chinese page: "${text.slice(0, 80)}"`);
    }
    for (const e of document.querySelectorAll('[aria-label], [placeholder], [title]')) {
      for (const a of ['aria-label', 'placeholder', 'title']) {
        const v = e.getAttribute(a) ?? '';
        if (/^[a-z][a-z-]{1,15}(\.[a-z][a-z0-9_-]*)+$/.test(v) && !e.closest('code, [translate="no"]')) found.push(`no words for ${a} "${v}"`);
      }
    }
    return [...new Set(found)];
  }, language);
}
