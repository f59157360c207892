// The first run, as a technician does it on a telephone: link, account, steps; half-way closed and gone on with.
import { createServer } from 'node:net';
import { expect, picture, settled, test } from './harness';
import { pluggedIn } from './routes';

test.use({ site: { lines: 4, fast: 0, scene: 'office', usb: pluggedIn } });

/** A port at which nobody listens, and which nobody is given who asks for any. */
const freePort = (): Promise<number> =>
  new Promise((done) => {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const s = createServer();
    s.on('error', () => done(freePort()));
    s.listen(port, () => s.close(() => done(port)));
  });

test('from the link to a box that is set up', async ({ daemon, open, faults }) => {
  faults.push(/status of 40[13]/, /status of 422/);
  const link = daemon.link();
  const page = await open({ phone: true, stranger: true });
  await page.goto(link);
  await expect(page).toHaveURL(/\/setup/);
  await settled(page);
  await picture(page, 'setup-administrator');
  await page.getByLabel('Name to sign in with').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('12345678');
  await page.getByLabel('Password again').fill('12345678');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await expect(page.getByRole('alert')).toBeVisible(); // everybody guesses that one
  await page.getByLabel('Password', { exact: true }).fill('four quiet green lanterns');
  await page.getByLabel('Password again').fill('four quiet green lanterns');
  await page.getByRole('button', { name: 'Make the account' }).click();

  await expect(page.getByRole('heading', { name: 'Time and country' })).toBeVisible();
  await page.getByLabel('Name of this box').fill('Cabinet 7');
  await page.getByLabel('Time zone').selectOption('Asia/Shanghai');
  await page.getByRole('button', { name: 'Next' }).click();

  await expect(page.getByRole('heading', { name: 'Network' })).toBeVisible();
  const port = await freePort();
  await page.getByLabel('Let other machines reach the console').check();
  await page.getByLabel('Port', { exact: true }).fill(String(port));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('link', { name: /https:.*:/ }).first()).toBeVisible();
  await expect(page.getByText('Get the authority')).toBeVisible();
  await settled(page);
  await picture(page, 'setup-network');
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing overflows sideways').toBe(true);
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByRole('heading', { name: 'Boards and lines' })).toBeVisible();

  // The page is closed half-way; the account that was made goes on.
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Boards and lines' })).toBeVisible();
  await expect(page.getByText('4 of 4 lines look right')).toBeVisible();
  await expect(page.getByRole('region', { name: 'USB devices that wait' })).toContainText('It has no firmware yet');
  await picture(page, 'setup-lines');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Test the disk' }).click();
  await expect(page.getByText(/The disk (is fast|takes long)/)).toBeVisible();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Leave out for now' }).click();
  await expect(page.getByRole('heading', { name: 'Report' })).toBeVisible();
  await expect(page.getByText('Backup').last()).toBeVisible();
  await settled(page);
  await picture(page, 'setup-report');
  await page.getByRole('button', { name: 'All done' }).click();
  await expect(page).toHaveURL(/\/lines/);

  const late = await open({ stranger: true });
  await late.goto(link);
  await expect(late).toHaveURL(/\/login/); // the link is dead
});

test('the network says how the box is reached, and who is cut off gets back', async ({ daemon, open, faults }) => {
  faults.push(/ERR_CONNECTION_(REFUSED|RESET)/); // while doors move
  const page = await open();
  await page.goto('/network');
  await settled(page);
  await expect(page.getByText('You are here')).toBeVisible();
  await picture(page, 'network');
  const port = await freePort();
  await daemon.api('PUT', '/settings/value', { path: 'network.port', value: port });
  await daemon.api('PUT', '/settings/value', { path: 'network.enabled', value: true });
  await page.reload();
  await expect(page.getByText('SHA-256').first()).toBeVisible();
  await page.getByText('More settings').click();
  await page.getByLabel('Plain http on this machine itself stays').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await daemon.until('it is tried', async () => ((await daemon.api('GET', '/network')) as { trial?: unknown }).trial !== undefined);
  await daemon.api('POST', '/network/revert');
  await daemon.until('it is taken back', async () => (await fetch(daemon.url + '/healthz').catch(() => null))?.ok === true);
});
