// The harness itself: calls become recordings, a tone goes into a line and comes out.
import { expect, settled, test } from './harness';

test('calls that are played become recordings with who called', async ({ daemon }) => {
  const made = await daemon.calls({ number: '02131234567', name: '张三', speech: 20, steps: 'keys 12; tone 1000 2' }, { port: 2, number: '13800138000', speech: 5 }, { port: 2, missed: true });
  expect(made).toHaveLength(2);
  expect(made.map((r) => r['caller']).sort()).toEqual(['02131234567', '13800138000']);
  const one = made.find((r) => r['caller'] === '02131234567');
  expect(one?.['duration_s'] as number).toBeGreaterThan(20);
});

test('a line of the wall can be made to sound and to ring', async ({ daemon }) => {
  await daemon.line(1, 'volts -8; hum 1000');
  await daemon.line(2, 'volts -48; event ring');
  const line = await daemon.lineOf('sim', 1);
  await daemon.until('the level is there', async () => ((await daemon.api('GET', `/lines/${line}`)) as { level_dbm0: number | null }).level_dbm0 !== null);
  await daemon.until('it rings', async () => ((await daemon.api('GET', `/lines/${await daemon.lineOf('sim', 2)}`)) as { state: string }).state === 'ringing');
});

test('a page that is signed in and one that is not', async ({ page, stranger, faults }) => {
  faults.push(/status of 401/);
  await page.goto('/');
  await expect(page).toHaveTitle(/vaad/);
  expect((await stranger.request.get('/api/v1/session')).status()).toBe(401);
});

test('a screen that does not come over a lost network comes when it is back', async ({ page, faults }) => {
  faults.push(/ERR_INTERNET_DISCONNECTED/);
  await page.goto('/lines');
  await settled(page);
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByRole('alert').getByText('The recorder cannot be reached')).toBeVisible();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs' })).toBeVisible();
});

test('a page that nobody sees gives up its connection, and takes it up again', async ({ page }) => {
  await page.clock.install();
  let feeds = 0;
  page.on('request', (r) => r.url().includes('/api/v1/events') && feeds++);
  await page.goto('/system');
  await settled(page);
  await expect.poll(() => feeds).toBe(1);
  const seen = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  const given = page.waitForEvent('requestfailed', (r) => r.url().includes('/api/v1/events'));
  await seen(true);
  await page.clock.runFor(61_000);
  await given;
  await seen(false);
  await expect.poll(() => feeds).toBe(2);
});
