// What every browser test begins with: a daemon of its own, pages that are
// signed in, and guards that fail a test on what no page may do.
//
//   import { test, expect } from './harness';
//   test.use({ site: { lines: 8 } });
//   test('…', async ({ daemon, page }) => { await page.goto('/lines'); … });
import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, repository, type Site } from './daemon';

export { expect, Daemon, type Site };

/** How a page is opened. */
export interface Look {
  language?: 'en' | 'zh';
  /** 390×844 with a finger. */
  phone?: boolean;
  dark?: boolean;
  /** Nobody is signed in. */
  stranger?: boolean;
  more?: BrowserContextOptions;
}

interface Fixtures {
  site: Site;
  daemon: Daemon;
  /** Faults that this test provokes: what matches is let through, as /status of 401/. */
  faults: RegExp[];
  /** Opens another page on the same daemon. */
  open: (look?: Look) => Promise<Page>;
  page: Page;
  /** The page in Chinese. */
  zh: Page;
  /** The page on a telephone, 390×844. */
  phone: Page;
  /** The page of somebody who is not signed in. */
  stranger: Page;
}

export const test = base.extend<Fixtures>({
  site: [{}, { option: true }],
  faults: async ({}, use) => use([]),
  daemon: async ({ site }, use) => {
    const d = await Daemon.start(site);
    await use(d);
    await d.stop();
  },
  open: async ({ browser, daemon, faults }, use) => {
    const all: Opened[] = [];
    await use(async (look = {}) => {
      const o = await openPage(browser, daemon, look);
      all.push(o);
      return o.page;
    });
    for (const o of all) await o.context.close();
    const seen = all.flatMap((o) => o.seen).filter((s) => !faults.some((f) => f.test(s)));
    expect(seen, 'what no page may do').toEqual([]);
  },
  page: async ({ open }, use) => use(await open()),
  zh: async ({ open }, use) => use(await open({ language: 'zh' })),
  phone: async ({ open }, use) => use(await open({ phone: true })),
  stranger: async ({ open }, use) => use(await open({ stranger: true })),
});

export interface Opened {
  context: BrowserContext;
  page: Page;
  /** Console errors, exceptions, violations of the policy, requests to other origins. */
  seen: string[];
}

/** Opens a page that is signed in (the daemon's link) and watched. Addresses are relative to the daemon. */
export async function openPage(browser: Browser, daemon: Daemon, look: Look = {}): Promise<Opened> {
  const { language = 'en', phone = false, dark = false } = look;
  const context = await browser.newContext({
    baseURL: daemon.url,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    ...(phone ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}),
    ...look.more,
  });
  const seen: string[] = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} forbids ${e.blockedURI} at ${e.sourceFile}:${e.lineNumber}`));
  });
  context.on('console', (m) => {
    if (m.type() === 'error') seen.push(`console: ${m.text()} (${m.location().url})`);
  });
  context.on('weberror', (e) => seen.push(`exception: ${e.error().stack ?? e.error().message}`));
  context.on('request', (r) => {
    const u = new URL(r.url());
    const own = u.origin === daemon.url || `ws://${u.host}` === daemon.url.replace('http', 'ws') || ['blob:', 'data:', 'about:'].includes(u.protocol);
    if (!own) seen.push(`request: ${r.url()}`);
  });
  const page = await context.newPage();
  page.on('websocket', (w) => {
    if (new URL(w.url()).host !== new URL(daemon.url).host) seen.push(`request: ${w.url()}`);
  });
  if (!look.stranger) await signIn(context, daemon);
  return { context, page, seen };
}

/** Gives a context the session of an administrator. */
export async function signIn(context: BrowserContext, daemon: Daemon): Promise<void> {
  const r = await context.request.get(daemon.link(), { maxRedirects: 0 });
  if (r.status() !== 303) throw new Error(`the link answers ${r.status()}: ${await r.text()}`);
}

/** Waits until a screen has its heading and is busy with nothing. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"], [data-busy]') === null && document.fonts.status === 'loaded');
}

/** Where pictures of screens go; CI keeps them. */
export const screens = join(repository, '.cache/ci/screens');

/** Takes a picture of the whole page. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, name + '.png'), animations: 'disabled', fullPage: true });
}
