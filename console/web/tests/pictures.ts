// Takes the pictures of docs/pictures, from calls that are always the same.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, openPage, settled, test, type Look } from './harness';
import { repository } from './daemon';
import { addressOf, furnish, screensOf } from './routes';

const to = join(repository, 'docs/pictures');

// screen (as in routes.ts), name of the picture, how it is looked at
const wanted: [string, string, Look][] = [
  ['/lines', 'lines-en', {}],
  ['/lines', 'lines-zh', { language: 'zh', dark: true }],
  ['/lines', 'phone-zh', { language: 'zh', phone: true }],
  ['/recordings/:id', 'recording-en', {}],
  ['/replay/:id', 'replay-en', { dark: true }],
];

test('pictures', async ({ browser }) => {
  test.setTimeout(180_000);
  mkdirSync(to, { recursive: true });
  const daemon = await Daemon.start({ lines: 16, fast: 2, scene: 'office' });
  try {
    const has = await furnish(daemon);
    await daemon.set('site.name', 'Office Shenzhen');
    // callers of the scene have begun to talk
    await daemon.until('lines are busy', async () => ((await daemon.api('GET', '/lines')) as { items: { recording: boolean }[] }).items.filter((l) => l.recording).length >= 3, 90_000);
    for (const [path, name, look] of wanted) {
      const screen = screensOf().find((s) => s.path === path || s.path.replace(/:\w+/, ':id') === path);
      if (!screen) throw new Error(`no screen at ${path}`);
      const { context, page } = await openPage(browser, daemon, { ...look, more: { ...(look.phone ? { deviceScaleFactor: 1.5 } : {}) } });
      await page.goto(addressOf(screen, has));
      await settled(page);
      await page.waitForTimeout(2_000); // levels move, and waveforms are drawn
      await page.screenshot({ path: join(to, name + '.png'), animations: 'disabled', scale: 'css' });
      await context.close();
    }
  } finally {
    await daemon.stop();
  }
});
