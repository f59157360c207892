// Calls, their replay, re-decoding, boards, the ladder of a D-channel, the doctor.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository, type Daemon } from './daemon';
import { expect, settled, test } from './harness';

const call = { number: '02131234567', name: 'Wang', speech: 12, steps: 'keys 12; tone 1000 1' };
type Row = Record<string, unknown>;

test('a call is found in the journal, and its page says how everything is known', async ({ daemon, page }) => {
  await daemon.calls(call, { port: 2, number: '13800138000', speech: 3 }, { port: 2, number: '13900139000', missed: true });
  await page.goto('/calls');
  await settled(page);
  await expect(page.locator('tbody tr')).toHaveCount(3);
  await page.getByRole('textbox', { name: 'Number' }).fill('0213*');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/number=0213\*|number=0213%2A/);
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await page.locator('tbody a').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Call/);
  await expect(page.locator('.reasons')).toContainText('Bell 202');
  await page.goBack();
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Number' })).toHaveValue('0213*');
});

test('a replay has volts, ringing, caller ID and keys on one axis, and goes down to a millisecond', async ({ daemon, page }) => {
  const [made] = await daemon.calls(call);
  const id = String(made!['id']);
  const told = (await daemon.api('GET', `/recordings/${id}/replay`)) as { volts: Row[]; events: Row[]; samples: number };
  expect(told.volts.length).toBeGreaterThanOrEqual(2);
  expect(told.events.map((e) => e['lane'])).toEqual(expect.arrayContaining(['ring', 'hook', 'caller-id', 'keys', 'voice']));

  await page.goto('/replay/' + id);
  await settled(page);
  const axis = page.getByRole('slider', { name: 'Time axis with cursor' });
  await expect(axis).toBeVisible();
  // The waveform is drawn: the canvas has more than one colour where somebody speaks.
  const colours = async (): Promise<number> =>
    page.locator('canvas').evaluate((c: HTMLCanvasElement) => {
      const d = c.getContext('2d')!.getImageData(Math.floor(c.width / 2), 30, 1, 50).data;
      return new Set(Array.from({ length: 50 }, (_, i) => d.slice(4 * i, 4 * i + 3).join())).size;
    });
  await expect.poll(colours).toBeGreaterThan(1);

  // An event is picked: the cursor stands on its sample.
  const key = told.events.find((e) => e['kind'] === 'key')!;
  await page.getByRole('row', { name: /Key pressed · 1/ }).getByRole('button').click();
  await expect(axis).toHaveAttribute('aria-valuenow', String(key['at']));
  // One sample further, by the keyboard.
  await axis.focus();
  await page.keyboard.press('.');
  await expect(axis).toHaveAttribute('aria-valuenow', String(Number(key['at']) + 1));
  // As close as it goes: ten milliseconds.
  for (let i = 0; i < 16; i++) await page.keyboard.press('ArrowUp');
  await expect(page).toHaveURL(/span=80(&|$)/);
  await page.reload();
  await expect(page.getByRole('slider')).toHaveAttribute('aria-valuenow', String(Number(key['at']) + 1));

  // Only what is in view is listed, if that is asked for.
  await page.getByRole('checkbox', { name: 'Only what is in view' }).check();
  await expect(page.locator('tbody tr')).not.toHaveCount(told.events.length);

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export JSON' }).click()]);
  const saved = JSON.parse(readFileSync(await file.path(), 'utf8')) as { events: Row[]; samples: number };
  expect(saved.events).toHaveLength(told.events.length);
  expect(saved.samples).toBe(told.samples);
});

test('today’s detectors listen to a recording, and that is audited', async ({ daemon, page }) => {
  const [made] = await daemon.calls(call);
  const id = String(made!['id']);
  await page.goto('/replay/' + id);
  await settled(page);
  await page.getByRole('button', { name: 'Decode again' }).click();
  await expect(page.getByText(/Same: [1-9]\d*\. New: \d+\. Gone: 0\./)).toBeVisible();
  await page.getByRole('checkbox', { name: 'Show also what is the same' }).check();
  const rows = page.getByRole('table', { name: 'Today' }).locator('tbody tr');
  await expect(rows.filter({ hasText: 'Key' }).first()).toContainText('Same');
  const audit = (await daemon.api('GET', `/audit?object=${id}`)) as { items: { verb: string; detail?: Row }[] };
  expect(audit.items.some((a) => a.verb === 'play' && a.detail?.['act'] === 'redecode')).toBe(true);
});

test('boards show what they count and which port is which line', async ({ page }) => {
  await page.goto('/boards');
  await settled(page);
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.getByRole('link', { name: 'sim', exact: true }).click();
  await settled(page);
  const ports = page.getByRole('table', { name: 'Ports' }).locator('tbody tr');
  await expect(ports).toHaveCount(4);
  await page.getByRole('checkbox', { name: /counted nothing/ }).check();
  await expect(page).toHaveURL(/counters=all/);
  await expect(page.getByRole('table', { name: 'Counters' })).toContainText('Blocks of 20 ms');
});

test('the doctor says what it found, with commands to copy', async ({ page, zh }) => {
  await page.goto('/doctor');
  await settled(page);
  await expect(page.getByText(/The daemon runs/)).toBeVisible();
  await zh.goto('/doctor');
  await expect(zh.getByText(/正常|警告|提示/).first()).toBeVisible();
});

// Frames of a tapped link: a call that comes in on timeslot 3 and is refused with cause 41.
const setup = '0201000008020064' + '05' + '0403' + '8090a3' + '1803' + 'a98383' + '6c0d' + '2183' + '3133383030313338303030' + '7004' + '81' + '383031';
const tapped = `[[board]]\ndriver = "sim"\nid = "pri"\nclock = "real"\nspans = [ { channels = 31, dchannel = 16, tap = true }, { channels = 31, dchannel = 16, tap = true } ]\n`;

/** Sends frames on D-channels of the board "pri". */
async function say(daemon: Daemon, frames: [span: number, hex: string][]): Promise<void> {
  const peer = spawn(`${repository}/.cache/web/peer`, ['-dir', join(daemon.root, 'run/pri')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: peer.stdout! })[Symbol.asyncIterator]();
  for (const [span, hex] of frames) {
    peer.stdin!.write(`1 dch${span} ${hex}\n`);
    const { value } = await answers.next();
    if (value !== '1 done') throw new Error(String(value));
  }
  peer.kill();
}

test.describe('of a tapped link', () => {
  test.use({ site: { config: tapped } });

  test('the ladder shows what was said and what comes, with causes in words', async ({ daemon, page, phone }) => {
    await daemon.until('the D-channel is followed', async () => {
      const r = await daemon.api('GET', '/boards/pri/spans/1/ladder').catch(() => null);
      return r !== null;
    });
    await say(daemon, [
      [1, setup],
      [2, '00010002' + '08028064' + '02' + '1803a98383'],
    ]);
    await page.goto('/boards/pri/spans/1');
    await settled(page);
    const steps = page.locator('ol.ladder > li');
    await expect(steps).toHaveCount(2);
    await expect(steps.first()).toContainText('SETUP');
    await expect(steps.first()).toContainText('13800138000 → 801');
    await expect(steps.first()).toContainText('Timeslot 3');
    await steps.first().locator('summary').click();
    await expect(steps.first()).toContainText('G.711 A-law');
    // What comes while one looks.
    await say(daemon, [[2, '00010202' + '08028064' + '45' + '08028' + '2a9']]);
    await expect(steps).toHaveCount(3);
    await expect(steps.nth(2)).toContainText('41 Temporary failure');
    await page.getByRole('checkbox', { name: 'Only what is unusual or wrong' }).check();
    await expect(steps).toHaveCount(1);
    await page.getByRole('checkbox', { name: 'As a table' }).check();
    await expect(page.getByRole('table')).toContainText('DISCONNECT');
    await page.goto('/boards/pri/spans/1?number=999');
    await expect(page.getByText('No message fits.')).toBeVisible();

    const past = await page.request.get('/api/v1/boards/pri/spans/1/dchannel.pcap?past=600&live=no');
    const b = await past.body();
    expect(b.readUInt32LE(0)).toBe(0xa1b23c4d);
    expect(b.length).toBeGreaterThan(24 + 3 * 32);

    await phone.goto('/boards/pri/spans/1');
    await settled(phone);
    expect(await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
