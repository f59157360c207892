// Alarms with routes, storage, system, audit log, API documents.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, picture, settled, test } from './harness';

test.use({ site: { lines: 4, fast: 1 } });

/** A receiver of webhooks. */
async function receiver(status = () => 200): Promise<{ url: string; got: { headers: IncomingHttpHeaders; body: string }[]; close: () => void }> {
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server: Server = createServer((req, res) => {
    let body = '';
    req.on('data', (d) => (body += d));
    req.on('end', () => {
      if (status() === 200) got.push({ headers: req.headers, body });
      res.writeHead(status()).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, close: () => server.close() };
}

test('an alarm is seen, acknowledged with words, and found again', async ({ daemon, page }) => {
  await daemon.line(1, 'volts 0; hum 0');
  await page.goto('/alarms');
  const card = page.getByRole('article').filter({ hasText: 'line-no-battery' });
  await expect(card).toBeVisible();
  await expect(card.getByRole('link', { name: 'Go there' })).toHaveAttribute('href', /^\/lines\/\d+$/);
  await card.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByLabel('What should others know?').fill('cable ordered');
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
  await expect(card).toContainText('cable ordered');
  await daemon.line(1, 'volts -48');
  await expect(card).toHaveCount(0);
  await page.getByRole('link', { name: 'History', exact: true }).click();
  await page.getByLabel('Words').fill('cable ord');
  await expect(page.getByRole('article')).toHaveCount(1);
  await expect(page.getByRole('article')).toContainText('its cause is gone');
  await page.reload();
  await expect(page.getByLabel('Words')).toHaveValue('cable ord');
  await page.getByLabel('Words').fill('nothing like it');
  await expect(page.getByText('No such alarm.')).toBeVisible();
});

test('a route is made, tested, signed, told of alarms, and removed', async ({ daemon, page, faults }) => {
  faults.push(/status of 502/, /status of 422/);
  let status = 500;
  const hook = await receiver(() => status);
  try {
    await page.goto('/alarms/routes');
    await expect(page.getByText('Nobody is told of alarms yet.')).toBeVisible();
    await page.getByRole('button', { name: 'New route' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('night');
    await dialog.getByLabel('Webhook').check();
    await dialog.getByLabel('Address (URL)').fill('ftp://nowhere/');
    await dialog.getByLabel('Only if it lasts').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByRole('alert')).toBeVisible(); // the daemon says what is wrong
    await dialog.getByLabel('Address (URL)').fill(hook.url);
    await dialog.getByRole('button', { name: 'Save' }).click();
    const card = page.getByRole('article').filter({ hasText: 'night' });
    await expect(card).toContainText(hook.url);
    await card.getByRole('button', { name: 'Send a test' }).click();
    await expect(page.getByRole('alert')).toContainText('500');
    status = 200;
    await card.getByRole('button', { name: 'Sign messages' }).click();
    const secret = await page.getByRole('dialog').getByLabel('Secret', { exact: true }).inputValue();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await card.getByRole('button', { name: 'Send a test' }).click();
    await expect.poll(() => hook.got.length).toBe(1);
    const first = hook.got[0]!;
    const mac = createHmac('sha256', secret).update(`${first.headers['x-vaad-timestamp']}.${first.body}`).digest('hex');
    expect(first.headers['x-vaad-signature']).toBe('v1=' + mac);
    expect(JSON.parse(first.body)).toMatchObject({ v: 1, kind: 'test', route: 'night', alarms: [] });
    await daemon.line(2, 'volts 0; hum 0');
    await expect.poll(() => hook.got.map((g) => JSON.parse(g.body)).some((m) => m.kind === 'raised' && m.alarms[0].code === 'line-no-battery')).toBe(true);
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect(card).toHaveCount(0);
  } finally {
    hook.close();
  }
});

test('storage says what there is, verifies it, and shows reports', async ({ daemon, page }) => {
  const [r] = await daemon.calls({ number: '02131234567', speech: 5 });
  await page.goto('/storage');
  await expect(page.getByRole('heading', { name: 'Room' })).toBeVisible();
  await expect(page.getByText(/free of/).first()).toBeVisible();
  await page.getByRole('link', { name: 'Proof' }).click();
  await page.getByRole('button', { name: 'Verify everything now' }).click();
  await expect(page.getByText(/journal lines are as they were/)).toBeVisible();
  await page.getByRole('link', { name: 'Assurance' }).click();
  await page.getByRole('link', { name: 'Today so far' }).click();
  await expect(page.getByRole('heading', { name: /Report of/ })).toBeVisible();
  await daemon.api('POST', `/recordings/${r!.id}/hold`, { case: 'case 7' });
  await page.goto('/storage/holds');
  await expect(page.getByRole('link', { name: 'case 7' })).toBeVisible();
  await page.getByRole('link', { name: 'Backups' }).click();
  await expect(page.getByText('There is no backup yet.')).toBeVisible();
});

test('a person is erased only when somebody else approves', async ({ daemon, page, faults }) => {
  faults.push(/status of 409/);
  await daemon.calls({ number: '02131234567', speech: 3 });
  await page.goto('/storage/erasures');
  await page.getByLabel('Number').fill('021 3123 4567');
  await page.getByLabel('Why').fill('letter of today');
  await page.getByRole('button', { name: 'What is there?' }).click();
  await expect(page.getByText(/1 recording \(/)).toBeVisible();
  await page.getByRole('button', { name: 'Ask that it be erased' }).click();
  await page.getByRole('link', { name: 'Approvals' }).first().click();
  const card = page.getByRole('article').first();
  await expect(card).toContainText('letter of today');
  await expect(card.getByRole('button', { name: 'Withdraw' })).toBeVisible();
  await expect(card.getByRole('button', { name: 'Approve' })).toHaveCount(0);
});

test('health, charts, log and support bundle are there', async ({ page }) => {
  await page.goto('/system');
  await expect(page.getByRole('heading', { name: 'Daemon', exact: true })).toBeVisible();
  await expect(page.getByText(/1 of 1 run|2 of 2 run/)).toBeVisible();
  await page.getByRole('link', { name: 'Charts' }).click();
  const chart = page.getByRole('region', { name: 'Memory, by the daemon' });
  await expect(chart).toBeVisible();
  await expect(chart).toContainText('Lately');
  await chart.getByRole('button', { name: 'As a table' }).click();
  await expect(chart.getByRole('table')).toBeVisible();
  await page.getByRole('button', { name: '7 days' }).click();
  await expect(page).toHaveURL(/span=7d/);
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'running' }).first()).toBeVisible();
  await page.getByLabel('Words').fill('no line says this');
  await expect(page.getByText('No such line.')).toBeVisible();
  await page.getByRole('link', { name: 'Support' }).click();
  await expect(page.getByText('manifest.json').or(page.getByText('daemon/settings.json')).first()).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download a support bundle' }).click();
  expect((await download).suggestedFilename()).toMatch(/^vaad-support-.*\.tar\.gz$/);
  await page.getByRole('link', { name: 'Version' }).click();
  await expect(page.getByText('was not installed as a package')).toBeVisible();
  await page.route('**/api/v1/system', async (route) => {
    const r = await route.fetch();
    const update = { from: '1.0', to: '1.1', started: '2026-11-22T10:00:00Z', ended: '2026-11-22T10:03:00Z', result: 'rolled-back', reason: 'board sim does not run' };
    await route.fulfill({ response: r, json: { ...(await r.json()), package: { manager: 'apt', installed: '1.0', kept: '1.0', update } } });
  });
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('Version 1.1 failed and was rolled back. Version 1.0 runs');
  await expect(page.getByRole('alert')).toContainText('board sim does not run');
  await expect(page.getByRole('textbox', { name: 'To try the same version again:' })).toHaveValue('sudo vaad-update retry');
  await picture(page, 'system-rolled-back');
});

test('new lines of the log come by themselves', async ({ daemon, page }) => {
  await page.goto('/system/logs');
  await settled(page);
  await expect(page.getByRole('listitem').first()).toBeVisible();
  await daemon.api('POST', '/jobs/audit-check/run');
  await expect(page.getByRole('listitem').filter({ hasText: 'a job ended' }).first()).toBeVisible();
});

test('the audit log is searched, taken away and verified', async ({ daemon, page }) => {
  await daemon.set('site.name', 'Front desk');
  await page.goto('/audit');
  await page.getByLabel('Words').fill('site.name');
  await expect(page.getByRole('row').filter({ hasText: 'site.name' }).first()).toBeVisible();
  await expect(page).toHaveURL(/q=site\.name/);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save as table' }).click();
  expect((await download).suggestedFilename()).toMatch(/^vaad-audit-.*\.csv$/);
  await page.getByText('Is it what was written?').click();
  await page.getByRole('button', { name: 'Verify now' }).click();
  await expect(page.getByText(/rows are what was written/)).toBeVisible();
  await page.getByLabel('Result').selectOption('denied');
  await expect(page.getByText('No such row.')).toBeVisible();
});

test('the API is read, searched and tried without any other machine', async ({ page }) => {
  await page.goto('/api-docs');
  await page.getByLabel('Search').fill('/status');
  await page.getByRole('button', { name: /GET \/status/ }).click();
  await expect(page.getByLabel('Command')).toHaveValue(/^curl .*\/api\/v1\/status/);
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect(page.getByText('Status 200')).toBeVisible();
  await expect(page.getByText('"product": "vaad"')).toBeVisible();
  await expect(page).toHaveURL(/op=status/);
});

test('everything is there in Chinese, on a telephone, and nothing overflows', async ({ zh, phone }) => {
  for (const [p, path, words] of [
    [zh, '/alarms', '告警'], [zh, '/storage', '存储'], [zh, '/system', '系统'], [zh, '/system/charts', '系统'], [zh, '/audit', '审计日志'], [zh, '/api-docs', 'API'],
    [phone, '/alarms/routes', 'Alarms'], [phone, '/storage', 'Storage'], [phone, '/storage/proof', 'Storage'], [phone, '/system', 'System'], [phone, '/system/charts', 'System'], [phone, '/system/logs', 'System'], [phone, '/audit', 'Audit log'], [phone, '/api-docs?op=status', 'API'],
  ] as const) {
    await p.goto(path);
    await expect(p.getByRole('heading', { level: 1 })).toHaveText(words);
    await settled(p);
    expect(await p.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${path} overflows`).toBeLessThanOrEqual(0);
  }
});
