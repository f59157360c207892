// What is plugged in by USB: seen, loaded, reset, unplugged, without a reload of the page.
import { expect, picture, settled, test } from './harness';
import { bringAxe, cut, violations } from './look';
import { pluggedIn } from './routes';

const [bank, , modem] = pluggedIn.devices as [object, object, object];
const sending = { stage: 2, image: 'FPGA_1151.hex', step: 'sending', done: 45_000, total: 100_000 };

test.describe('USB devices', () => {
  test.use({ site: { lines: 1, fast: 0, usb: { ...pluggedIn, progress: [sending] } } });

  test('firmware is loaded by keys alone, and what becomes of it is seen at once', async ({ daemon, page, faults }) => {
    faults.push(/status of 409/);
    await page.goto('/boards');
    await page.getByRole('link', { name: 'USB devices' }).click();
    const one = page.getByRole('article').filter({ hasText: 'X1000001' });
    await expect(one).toContainText('It has no firmware yet');
    await expect(one).toContainText('Press “Load firmware”');
    await expect(page.getByRole('article').filter({ hasText: '1-1.3' })).toContainText('awaited e4e4:1132');
    await expect(page.getByRole('row', { name: /FPGA_1151.hex/ })).toContainText('The image is not the one of the manifest');
    await expect(page.getByRole('textbox', { name: 'Lines for vaad.toml' })).toHaveValue(/driver = "voicemodem"\nid = "modem1"\ndevice = "00000001"/);

    await one.getByRole('button', { name: 'Load firmware' }).focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: 'Load firmware' });
    await expect(question).toContainText('do not unplug it');
    await question.getByRole('button', { name: 'Load firmware' }).focus();
    await page.keyboard.press('Enter');
    await expect(one).toContainText('2: FPGA, FPGA_1151.hex: 45% sent');
    await expect(one.getByRole('progressbar')).toHaveAttribute('value', '45000');
    await picture(page, 'usb-loading');

    daemon.usb({ ...pluggedIn, devices: [{ ...bank, product: 0x1132, state: 'ready', driver: 'xpp_usb' }, modem], over: {} });
    await expect(page.getByText('Xorcom Astribank at port 1-1.2 has its firmware.')).toBeVisible();
    await expect(one).toContainText('Ready');
    await expect(one.getByRole('button', { name: 'Load firmware' })).toHaveCount(0);

    daemon.usb({ ...pluggedIn, devices: [modem], refuses: 'reset-unavailable' });
    await expect(one).toHaveCount(0);
    await page.getByRole('button', { name: 'Reset port' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Reset port' }).click();
    await expect(page.getByRole('alert')).toContainText('This USB port cannot be reset');
    daemon.usb({ devices: [], images: [] });
    await expect(page.getByText('Nothing for telephony is plugged in.')).toBeVisible();
    expect(JSON.stringify(await daemon.api('GET', '/audit?verb=maintain'))).toContain('usb X1000001');
  });

  test('fits a telephone, in Chinese and dark, and says what keeps one from acting', async ({ open }) => {
    const page = await open({ phone: true, language: 'zh', dark: true });
    await bringAxe(page.context());
    await page.route('**/api/v1/session', async (route) => {
      const r = await route.fetch();
      const actor = (await r.json()) as { verbs: string[] };
      await route.fulfill({ response: r, json: { ...actor, verbs: actor.verbs.filter((v) => v !== 'maintain') } });
    });
    await page.goto('/usb');
    await settled(page);
    await expect(page.getByText('需要对整台设备的')).toBeVisible();
    await expect(page.getByRole('button', { name: '加载固件' })).toHaveCount(0);
    expect([...(await violations(page)), ...(await cut(page))]).toEqual([]);
    await picture(page, 'usb-zh-phone');
  });
});

test('who has no vaad-usb is told what is missing', async ({ daemon, page, faults }) => {
  faults.push(/status of 503/);
  await page.goto('/usb');
  await expect(page.getByRole('alert').first()).toContainText(/vaad-usb/);
  expect(daemon.log()).not.toContain('panic');
});
