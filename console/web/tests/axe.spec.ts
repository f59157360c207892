// Every screen, in both languages, light, dark and on a telephone: WCAG 2.2 AA,
// nothing that overflows or is cut, no missing word; and a picture of each.
import { expect, test } from '@playwright/test';
import { Daemon, openPage, picture, settled, type Look } from './harness';
import { bringAxe, cut, violations, wordless } from './look';
import { addressOf, furnish, furnished, nameOf, screensOf, type Standing } from './routes';

let daemon: Daemon;
let has: Standing;

test.beforeAll(async () => {
  daemon = await Daemon.start(furnished);
  has = await furnish(daemon);
});
test.afterAll(async () => daemon?.stop());

const looks: { name: string; look: Look }[] = [
  { name: 'en', look: {} },
  { name: 'zh', look: { language: 'zh' } },
  { name: 'en-dark', look: { dark: true } },
  { name: 'en-phone', look: { phone: true } },
  { name: 'zh-phone', look: { language: 'zh', phone: true, dark: true } },
];

/** VAAD_LOOKS chooses some of them, as SCREENS does of the screens. */
const wanted = new RegExp(process.env['VAAD_LOOKS'] ?? '');

for (const { name, look } of looks.filter((l) => wanted.test(l.name))) {
  test(`every screen, ${name}`, async ({ browser }) => {
    test.setTimeout(900_000);
    const all = screensOf().filter((s) => !process.env['SCREENS'] || new RegExp(process.env['SCREENS']).test(s.path));
    const faults: string[] = [];
    const { context, page, seen } = await openPage(browser, daemon, look);
    const stranger = await openPage(browser, daemon, { ...look, stranger: true });
    await bringAxe(context);
    await bringAxe(stranger.context);
    for (const s of all) {
      const on = s.bare ? stranger.page : page;
      const at = addressOf(s, has);
      const say = (...found: string[]): void => void faults.push(...found.map((f) => `${at}: ${f}`));
      try {
        const r = await on.goto(at);
        if (!r?.ok()) throw new Error(`status ${r?.status()}`);
        await settled(on);
      } catch (e) {
        say(`it does not come: ${String(e).split('\n')[0]}`);
        continue;
      }
      if (!(await on.title()).trim()) say('it has no title');
      say(...(await violations(on)), ...(await cut(on)), ...(await wordless(on, look.language ?? 'en')));
      say(...[...seen.splice(0), ...stranger.seen.splice(0)].filter((f) => !(s.bare && /status of 401/.test(f))));
      await picture(on, `${nameOf(s)}.${name}`);
    }
    await context.close();
    await stranger.context.close();
    expect(all.length, 'screens').toBeGreaterThan(0);
    expect(faults, faults.join('\n')).toEqual([]);
  });
}
