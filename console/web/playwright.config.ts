// Browser tests of the console: Debian's Chromium against the built daemon.
// README.md says how to run them.
import { defineConfig } from '@playwright/test';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Debian's Chromium: $CHROMIUM, or the first on the PATH. Browsers are never downloaded. */
function chromium(): string {
  const own = process.env['CHROMIUM'];
  if (own) return own;
  const dirs = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  for (const dir of dirs) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      if (existsSync(join(dir, name))) return join(dir, name);
    }
  }
  throw new Error('the tests need Chromium: apt-get install chromium');
}

const cache = resolve(import.meta.dirname, '../../.cache');

export default defineConfig({
  testDir: 'tests',
  outputDir: process.env['VAAD_TRACES'] ?? join(cache, 'web/traces'),
  globalSetup: './tests/setup.ts',
  fullyParallel: false, // tests of one file share nothing but run in turn; files run beside each other
  workers: Number(process.env['VAAD_WORKERS'] ?? 1),
  forbidOnly: !!process.env['CI'],
  retries: Number(process.env['VAAD_RETRIES'] ?? 0), // CI tries once more what a busy machine was too slow for; the list says so
  // They only bound what fails: a machine that is busy stands still for seconds.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: process.env['VAAD_TRACE'] ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    launchOptions: {
      executablePath: chromium(),
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-domain-reliability',
        '--disable-dev-shm-usage',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
        '--autoplay-policy=no-user-gesture-required',
        '--force-color-profile=srgb',
      ],
    },
  },
});
