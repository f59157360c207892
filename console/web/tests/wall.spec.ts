// The line wall and the line panel, on 128 simulated lines.
import { expect, picture, settled, test } from './harness';

test.describe('128 lines', () => {
  test.use({ site: { lines: 128, fast: 0 } });

  test('fit one screen of 1366×768 and say what they are', async ({ open, daemon }) => {
    const page = await open({ more: { viewport: { width: 1366, height: 768 } } });
    await page.goto('/lines');
    await settled(page);
    await expect(page.locator('.tile')).toHaveCount(128);
    await daemon.line(3, 'volts -48; hum 1000');
    await daemon.line(5, 'volts -48; event ring'); // until somebody looks
    const tile = page.locator('[data-line="3"]');
    await expect(tile).toHaveAccessibleName(/^Line 3, .*Idle/);
    await expect(tile.locator('.volts')).toHaveText('-48 V');
    await expect.poll(async () => tile.locator('.meter i').first().evaluate((e) => getComputedStyle(e).clipPath)).toMatch(/inset\(0(px)? (1\d|2\d|3\d)/);
    await expect(page.locator('[data-line="5"]')).toHaveAccessibleName(/Ringing|About to ring/);
    expect(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    const size = await page.locator('.tile').first().boundingBox();
    expect(Math.min(size!.width, size!.height)).toBeGreaterThanOrEqual(24);
    await picture(page, 'wall-128-en');
  });

  test('are found by text, state and alarms, and the address keeps it', async ({ page }) => {
    await page.goto('/lines');
    await expect(page.locator('.tile')).toHaveCount(128);
    await page.keyboard.press('/');
    await page.keyboard.type('sim/77');
    await expect(page.locator('.tile')).toHaveCount(1);
    await expect(page).toHaveURL(/q=sim%2F77/);
    await page.reload();
    await expect(page.locator('.tile')).toHaveCount(1);
    await page.getByRole('searchbox').press('Enter');
    await expect(page.locator('.tile').first()).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.locator('.tile')).toHaveCount(128);
    await page.getByLabel('State').selectOption('ringing');
    await expect(page.getByText('No line fits.')).toBeVisible();
  });

  test('are gone through by keys alone', async ({ page }) => {
    await page.goto('/lines');
    await expect(page.locator('.tile')).toHaveCount(128);
    expect(await page.locator('.tile[tabindex="0"]').count()).toBe(1);
    await page.locator('[data-line="1"]').focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('[data-line="2"]')).toBeFocused();
    await page.keyboard.press('ArrowDown');
    const below = Number(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['line']));
    expect(below).toBeGreaterThan(2);
    await page.keyboard.press('ArrowUp');
    await expect(page.locator('[data-line="2"]')).toBeFocused();
    await page.keyboard.press('End');
    await expect(page.locator('[data-line="128"]')).toBeFocused();
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await page.keyboard.press('Escape');
    await page.locator('[data-line="7"]').focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: /^Line 7/ })).toBeVisible();
    await page.goBack();
    await expect(page.locator('.tile')).toHaveCount(128);
  });

  test('are a list on a telephone', async ({ phone }) => {
    await phone.goto('/lines');
    await expect(phone.locator('.tile')).toHaveCount(128);
    const [a, b] = await Promise.all([phone.locator('[data-line="1"]').boundingBox(), phone.locator('[data-line="2"]').boundingBox()]);
    expect(a!.x).toBe(b!.x);
    expect(b!.y).toBeGreaterThan(a!.y);
    expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await phone.locator('[data-line="2"]').tap();
    await expect(phone.getByRole('heading', { level: 1, name: /^Line 2/ })).toBeVisible();
    expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await picture(phone, 'panel-phone-en');
  });
});

test.describe('one line', () => {
  test.use({ site: { lines: 3, fast: 0 } });

  test('tone in, tone out: what the line hears is what the page plays', async ({ page, daemon }) => {
    await daemon.line(2, 'volts -48; hum 1000');
    await page.goto('/lines/2');
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    const bar = page.locator('.listening .one[data-line="2"]');
    await expect(bar).toHaveAttribute('data-state', 'live');
    await expect.poll(async () => Number(await bar.getAttribute('data-hz'))).toBe(1000);
    // A sine of 6000 of 32768 is −11.6 dBm0.
    await expect.poll(async () => Math.abs(Number(await bar.getAttribute('data-level')) + 11.6)).toBeLessThanOrEqual(1);
    await daemon.line(2, 'hum 440');
    await expect.poll(async () => Number(await bar.getAttribute('data-hz'))).toBe(440);
    // It goes on while one moves between screens, with other lines beside it.
    await page.getByRole('link', { name: 'All lines' }).first().click();
    await page.locator('[data-line="1"].tile').focus();
    await page.keyboard.press('l');
    await expect(page.locator('.listening .one')).toHaveCount(2);
    await expect(bar).toHaveAttribute('data-hz', '440');
    await bar.getByRole('button', { name: 'Mute' }).click();
    await expect.poll(async () => Number(await bar.getAttribute('data-level'))).toBeLessThan(-90);
    await page.getByRole('button', { name: 'Stop all' }).click();
    await expect(page.locator('.listening')).toHaveCount(0);
    const heard = (await daemon.api('GET', '/audit?verb=listen')) as { items: { line: number; result: string }[] };
    expect(heard.items.map((r) => r.line).sort()).toEqual(expect.arrayContaining([1, 2]));
  });

  test('shows its sound, its voltage, and what happens', async ({ page, daemon }) => {
    await daemon.line(1, 'volts -47; hum 1000');
    await page.goto('/lines/1');
    await settled(page);
    await expect(page.getByText('-47.0 V').first()).toBeVisible();
    const loud = (): Promise<boolean> =>
      page.locator('canvas').first().evaluate((c: HTMLCanvasElement) => {
        const px = c.getContext('2d')!.getImageData(c.width - 20, 0, 20, c.height).data;
        return px.some((v) => v > 0);
      });
    await expect.poll(loud).toBe(true);
    await daemon.line(1, 'hum 0; volts -8; wait 1');
    await expect(page.getByRole('cell', { name: /^Off-hook/ })).toBeVisible();
    await expect(async () => {
      // A machine that is busy loses blocks, and with them keys, as a real board would.
      await daemon.line(1, 'keys 159; wait 1');
      await expect(page.getByRole('cell', { name: /^Key pressed: 9/ }).first()).toBeVisible({ timeout: 10_000 });
    }).toPass({ timeout: 120_000 });
    await daemon.line(1, 'volts -47; wait 2');
    await expect(page.getByText(/-48.0 V … -8.0 V/)).toBeVisible();
    await page.getByRole('button', { name: 'Begin anew' }).click();
    await expect(page.getByText(/-47.0 V … -47.0 V/)).toBeVisible();
    await picture(page, 'panel-en');
  });

  test('recording is begun, protected and, once one is sure, ended', async ({ page, daemon }) => {
    await page.goto('/lines/1');
    await page.getByRole('button', { name: 'Start recording' }).click();
    await expect(page.getByRole('button', { name: 'Protect this recording' })).toBeVisible();
    await page.getByRole('button', { name: 'Protect this recording' }).click();
    await expect(page.getByText('Retention will not delete this recording.')).toBeVisible();
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop recording' }).click();
    await expect(page.getByRole('button', { name: 'Start recording' })).toBeVisible();
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the last minute' }).click();
    expect((await file).suggestedFilename()).toMatch(/^line-1-.*\.frames$/);
    await daemon.until('it is protected', async () => (await daemon.recordings()).some((r) => r['line'] === 1 && r['protected'] === true));
  });

  test('sliders act at once and make one version', async ({ page, daemon, faults }) => {
    const version = async (): Promise<number> => ((await daemon.api('GET', '/settings')) as { version: number }).version;
    const gain = async (): Promise<number> => ((await daemon.api('GET', '/lines/1')) as { gain_db?: number }).gain_db ?? 0;
    await daemon.line(1, 'volts -48; hum 1000');
    await page.goto('/lines/1?tab=adjust');
    const before = await version();
    const slider = page.getByRole('slider', { name: 'Gain of what is received' });
    await slider.evaluate((e: HTMLInputElement) => {
      for (const v of [2, 4, 6]) {
        e.value = String(v);
        e.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    await daemon.until('what is tried counts', async () => (await gain()) === 6);
    expect(await version()).toBe(before);
    await expect(page.locator('.level')).toHaveText('-6 dBm0');
    await slider.evaluate((e) => e.dispatchEvent(new Event('change', { bubbles: true })));
    await expect(page.getByText('Saved.')).toBeVisible();
    expect(await version()).toBe(before + 1);
    await daemon.until('what is saved counts', async () => (await gain()) === 6);
    faults.push(/ERR_INTERNET_DISCONNECTED/);
    await page.context().setOffline(true);
    await slider.evaluate((e) => e.dispatchEvent(new Event('input', { bubbles: true })));
    await expect(page.getByRole('status').getByText(/^The recorder cannot be reached – Check the network/)).toBeVisible();
  });

  test('the self-test says what was measured and what to do', async ({ page, daemon, zh }) => {
    await daemon.line(3, 'volts -48; wait 1');
    await page.goto('/lines/3?tab=test');
    await page.getByRole('button', { name: 'Test the line' }).click();
    await expect(page.getByRole('row', { name: /^Voltage good -48/ })).toBeVisible();
    await expect(page.getByRole('row', { name: /^Ringing not known/ })).toContainText('Call the line once');
    await zh.goto('/lines/3?tab=test');
    await zh.getByRole('button', { name: '测试线路' }).click();
    await expect(zh.getByRole('row', { name: /^电压 正常/ })).toBeVisible();
    await picture(zh, 'panel-test-zh');
    expect(await daemon.ctl('test-line', '3')).toContain('Voltage: good, -48');
  });

  test('what is old looks old', async ({ page, daemon, faults }) => {
    faults.push(/ERR_|Failed to load/);
    await page.goto('/lines');
    await expect(page.locator('.tile')).toHaveCount(3);
    await daemon.stop();
    await expect(page.getByRole('alert').filter({ hasText: 'No connection. What is shown is old.' })).toBeVisible();
  });
});
