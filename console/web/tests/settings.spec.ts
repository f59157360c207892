// The settings as people meet them: change and go back, faults beside their
// fields in both languages, rules before they count, files before they are taken,
// and all of it by keys alone.
import type { Page } from '@playwright/test';
import { test, expect } from './harness';

const field = (page: Page, path: string) => page.locator(`[data-path="${path}"]`);

async function review(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Review and save|检查并保存/ }).click();
}

test('a line is changed, saved with a reason, and rolled back after a look at what changes', async ({ page, daemon }) => {
  const n = await daemon.lineOf('sim', 1);
  await page.goto('/settings/lines/' + n);
  await field(page, `lines.${n}.preroll_ms`).getByRole('spinbutton').fill('5000');
  await page.keyboard.press('Tab');
  await expect(page.getByText('1 change not saved')).toBeVisible();
  await page.reload(); // nothing is lost
  await expect(field(page, `lines.${n}.preroll_ms`).getByRole('spinbutton')).toHaveValue('5000');
  await review(page);
  await expect(page.getByRole('dialog')).toContainText('2000 ms');
  await page.getByRole('dialog').getByLabel('Why').fill('callers speak early');
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(/Saved as version \d+: 1 value changed/)).toBeVisible();
  expect((await daemon.api('GET', `/settings/value?path=lines.${n}.preroll_ms`))['value']).toBe(5000);

  await page.goto('/settings/versions');
  await expect(page.getByText('callers speak early')).toBeVisible();
  await page.getByRole('button', { name: 'Go back to nothing set…' }).click();
  await expect(page.getByRole('dialog')).toContainText('preroll_ms');
  await page.getByRole('dialog').getByRole('button', { name: 'Go back', exact: true }).click();
  await expect(page.getByText(/Back at version 0/)).toBeVisible();
  expect((await daemon.api('GET', `/settings/value?path=lines.${n}.preroll_ms`))['value']).toBe(2000);
});

for (const [language, words] of [
  ['en', /must be|not within/],
  ['zh', /不在 0 至 30000/],
] as const) {
  test(`a wrong value is told at its field (${language})`, async ({ open, daemon, faults }) => {
    faults.push(/settings\/change|422/);
    const page = await open({ language });
    const n = await daemon.lineOf('sim', 1);
    await page.goto('/settings/lines/' + n);
    const f = field(page, `lines.${n}.preroll_ms`);
    await f.getByRole('spinbutton').fill('99999');
    await page.keyboard.press('Tab');
    await review(page);
    await expect(page.getByRole('dialog')).toContainText(words);
    await page.getByRole('dialog').getByRole('button', { name: /Go on editing|继续编辑/ }).click();
    await expect(f).toContainText(words);
    await expect(f.getByRole('spinbutton')).toHaveAttribute('aria-invalid', 'true');
    expect((await daemon.api('GET', `/settings/value?path=lines.${n}.preroll_ms`))['value']).toBe(2000);
  });
}

test('several lines are set alike in one version', async ({ page, daemon }) => {
  await page.goto('/settings/lines');
  await page.getByLabel('All lines shown').check();
  await page.getByLabel('What').selectOption({ label: 'Codec' });
  await page.getByLabel('Codec', { exact: true }).selectOption('gsm');
  await page.getByRole('button', { name: /Set \d+ lines/ }).click();
  await review(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(/Saved as version/)).toBeVisible();
  const n = await daemon.lineOf('sim', 2);
  expect((await daemon.api('GET', `/settings/value?path=lines.${n}.codec`))['value']).toBe('gsm');
});

test('who saves later is told what somebody else has changed', async ({ open, daemon, faults }) => {
  faults.push(/settings\/change|409/);
  const page = await open();
  const n = await daemon.lineOf('sim', 1);
  await page.goto('/settings/lines/' + n);
  await field(page, `lines.${n}.name`).getByRole('textbox').fill('mine');
  await page.keyboard.press('Tab');
  await daemon.api('PUT', '/settings/value', { path: `lines.${n}.name`, value: 'theirs' });
  await review(page);
  await expect(page.getByRole('dialog')).toContainText('theirs');
  await page.getByRole('dialog').getByRole('button', { name: 'Mine over theirs' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText(/Saved as version/)).toBeVisible();
  expect((await daemon.api('GET', `/settings/value?path=lines.${n}.name`))['value']).toBe('mine');
});

test('rules are tried against past calls before they count', async ({ page, daemon }) => {
  await daemon.calls({ number: '02131234567', speech: 5 }, { number: '13800138000', speech: 5 });
  await page.goto('/settings/rules');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const rule = 'rules.list.0';
  await field(page, `${rule}.name`).getByRole('textbox').fill('private');
  await field(page, `${rule}.off`).getByRole('checkbox').uncheck();
  await field(page, `${rule}.record`).getByRole('checkbox').uncheck();
  await field(page, `${rule}.caller`).getByRole('textbox').fill('021*');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Look', exact: true }).click();
  await expect(page.getByText('Would have recorded 1 of 2 calls')).toBeVisible();
  await expect(page.getByRole('cell', { name: /private/ })).toBeVisible();
  expect(await daemon.api('GET', '/settings/value?path=rules.list')).toMatchObject({ value: [] });
});

test('a file is shown before it is taken', async ({ page, daemon }) => {
  await page.goto('/settings/transfer');
  const doc = (await daemon.api('GET', '/settings'))['settings'] as Record<string, Record<string, unknown>>;
  doc['site']!['name'] = 'Front desk';
  const file = { name: 'other.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ vaad: 'settings', format: 1, settings: doc })) };
  await page.getByLabel('File').setInputFiles(file);
  await expect(page.getByText('other.json would change 1 value')).toBeVisible();
  expect((await daemon.api('GET', '/settings/value?path=site.name'))['value']).toBe('vaad');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText(/Imported as version/)).toBeVisible();
  expect((await daemon.api('GET', '/settings/value?path=site.name'))['value']).toBe('Front desk');
});

test('by keys alone: a rule moves, a setting is found, changed and saved', async ({ page, daemon }) => {
  await daemon.api('PUT', '/settings/value', { path: 'rules.list', value: [{ name: 'first', record: true }, { name: 'second', record: true }] });
  await page.goto('/settings/rules');
  await page.getByRole('link', { name: 'first' }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await expect(page.getByRole('listitem').filter({ hasText: 'second' }).first()).toContainText('1');
  await expect(page.getByRole('link', { name: 'first' })).toBeFocused();
  await page.goto('/settings/all?q=site.name');
  await field(page, 'site.name').getByRole('textbox').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Keys');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: /Review and save/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByLabel('Why').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Saved as version/)).toBeVisible();
  expect((await daemon.api('GET', '/settings/value?path=site.name'))['value']).toBe('Keys');
});

test('settings fit a telephone, in Chinese too, and jobs can be run', async ({ phone, zh }) => {
  for (const page of [phone, zh]) {
    for (const at of ['/settings', '/settings/lines', '/settings/rules', '/settings/backup', '/settings/retention', '/settings/versions', '/jobs']) {
      await page.goto(at);
      await page.locator('h1').first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), at).toBeLessThanOrEqual(0);
    }
  }
  await phone.getByRole('button', { name: /^Run now/ }).first().click();
  await expect(phone.getByText(/asked to run/)).toBeVisible();
});
