// Accounts as people meet them: signing in, being locked out, a second factor, rights,
// and the password again before what is dangerous.
import { createHmac } from 'node:crypto';
import type { Page } from '@playwright/test';
import { expect, test, type Daemon } from './harness';
import { bringAxe, cut, violations, wordless } from './look';

const word = 'correct horse battery';

const user = (daemon: Daemon, name: string, grants: unknown[] = [{ role: 'administrator' }], more: object = {}): Promise<unknown> =>
  daemon.api('POST', '/users', { name, grants, password: word, must_change: false, ...more });

async function signIn(page: Page, name: string, password = word): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What an authenticator app shows (RFC 6238). */
function totp(secret: string, at = Date.now()): string {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const h = createHmac('sha1', key).update(step).digest();
  return String((h.readUInt32BE((h.at(-1) ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('who signs in gets where they wanted to, with the keyboard alone', async ({ daemon, stranger, faults }) => {
  faults.push(/status of 401/);
  await user(daemon, 'ann');
  await stranger.goto('/users');
  await expect(stranger).toHaveURL(/\/login\?to=%2Fusers/);
  await stranger.getByLabel('User name').focus();
  await stranger.keyboard.type('ann');
  await stranger.keyboard.press('Tab');
  await stranger.keyboard.type(word);
  await stranger.keyboard.press('Enter');
  await expect(stranger).toHaveURL(/\/users$/);
  await expect(stranger.getByRole('heading', { name: 'Users' })).toBeVisible();
  await expect(stranger.getByRole('link', { name: 'ann', exact: true })).toHaveCount(2); // in the list, and signed in
  await stranger.reload();
  await expect(stranger.getByRole('heading', { name: 'Users' })).toBeVisible();
});

test('a wrong password says what to do, and too many lock', async ({ daemon, stranger, faults }) => {
  faults.push(/status of 40[13]/, /status of 429/);
  await user(daemon, 'ann');
  await signIn(stranger, 'ann', 'wrong');
  await expect(stranger.getByRole('alert')).toContainText('Name or password is wrong');
  await expect(stranger.getByRole('alert')).toContainText('vaactl login-link');
  for (let i = 0; i < 4; i++) {
    await stranger.getByRole('button', { name: 'Sign in' }).click();
    await expect(stranger.getByRole('button', { name: 'Sign in' })).toBeEnabled();
  }
  await stranger.getByLabel('Password', { exact: true }).fill(word);
  await stranger.getByRole('button', { name: 'Sign in' }).click();
  await expect(stranger.getByRole('alert')).toContainText('Too many wrong log-ins');
  await expect(stranger.getByRole('alert')).toContainText(/Try again in \d+ s/);
  await daemon.api('POST', '/users/ann/unlock');
  await stranger.getByRole('button', { name: 'Sign in' }).click();
  await expect(stranger).toHaveURL(/\/lines/);
});

test('the way in is there in both languages, on a telephone, for everybody', async ({ open, faults }) => {
  faults.push(/status of 401/);
  for (const language of ['en', 'zh'] as const) {
    const page = await open({ stranger: true, phone: true, language });
    await bringAxe(page.context());
    await page.goto('/login');
    await expect(page.locator('h1')).toHaveText(language === 'en' ? 'Sign in' : '登录');
    expect([...(await violations(page)), ...(await cut(page)), ...(await wordless(page, language))]).toEqual([]);
    await page.getByRole('button', { name: language === 'en' ? '中文' : 'English' }).click();
    await expect(page.locator('h1')).toHaveText(language === 'en' ? '登录' : 'Sign in');
  }
});

test('an account is made, signs in, chooses its own password and sees its lines only', async ({ daemon, stranger, open, faults }) => {
  faults.push(/status of 40[13]/);
  await user(daemon, 'ann');
  await daemon.set('groups.sales', { name: 'Sales', lines: [1] });
  await signIn(stranger, 'ann');
  await expect(stranger).toHaveURL(/\/lines/);
  await stranger.goto('/users/new');
  await stranger.getByLabel('User name').fill('bob');
  await stranger.getByRole('combobox', { name: /^Role/ }).selectOption('supervisor');
  await stranger.getByLabel('Only these line groups').check();
  await stranger.getByRole('checkbox', { name: /sales/ }).check();
  await stranger.getByText('Single rights').click();
  await stranger.getByRole('checkbox', { name: 'Export a recording' }).uncheck();
  const table = stranger.getByRole('table');
  await expect(table.getByRole('row', { name: /Listen to a line/ })).toContainText('sales');
  await expect(table.getByRole('row', { name: /Export a recording/ })).toHaveCount(0);
  await stranger.getByRole('button', { name: 'Make the account' }).click();
  const password = await stranger.getByLabel('Password', { exact: true }).inputValue();
  expect(password.length).toBeGreaterThan(12);

  const bob = await open({ stranger: true });
  await signIn(bob, 'bob', password);
  await expect(bob).toHaveURL(/\/account/);
  await expect(bob.getByText('Somebody else knows this password')).toBeVisible();
  await bob.getByLabel('Password so far').fill(password);
  await bob.getByLabel('New password').fill('bobs own good word');
  await bob.getByRole('button', { name: 'Change the password' }).click();
  await expect(bob.getByText('Sessions', { exact: true })).toBeVisible();
  const lines = (await (await bob.request.get('/api/v1/lines')).json()) as { items: { line: number }[] };
  expect(lines.items.map((l) => l.line)).toEqual([1]);
  expect((await bob.request.get('/api/v1/users')).status()).toBe(403);
  await bob.goto('/users');
  await expect(bob.getByText('You may not see this')).toBeVisible();
});

test('a second factor is set up by its picture, and asked for', async ({ daemon, stranger, open, faults }) => {
  faults.push(/status of 40[13]/);
  await user(daemon, 'ann');
  await signIn(stranger, 'ann');
  await expect(stranger).toHaveURL(/\/lines/);
  await stranger.goto('/account');
  await stranger.getByRole('button', { name: 'Set it up' }).click();
  await expect(stranger.getByRole('img', { name: /QR code/ })).toBeVisible();
  const secret = await stranger.getByLabel('Secret').inputValue();
  await stranger.getByLabel(/six digits/).fill(totp(secret));
  await stranger.getByRole('button', { name: 'Turn it on' }).click();
  await expect(stranger.getByText('10 recovery codes are left')).toBeVisible();
  const recovery = (await stranger.getByLabel('Recovery codes').inputValue()).split(' ');
  expect(recovery).toHaveLength(10);

  const again = await open({ stranger: true });
  await signIn(again, 'ann');
  await expect(again.getByLabel('Code of the second factor')).toBeFocused();
  await again.keyboard.type(recovery[0] ?? '');
  await again.keyboard.press('Enter');
  await expect(again).toHaveURL(/\/lines/);
});

test('a link from the machine opens once, and lets a forgotten password be set', async ({ daemon, stranger, faults }) => {
  faults.push(/status of 40[13]/);
  await user(daemon, 'ann');
  const { link } = (await daemon.api('POST', '/login-links', { user: 'ann' })) as { link: string };
  expect(link.startsWith(daemon.url)).toBe(true);
  await stranger.goto(link);
  await expect(stranger).toHaveURL(/\/lines/);
  await stranger.goto('/account');
  await stranger.getByLabel('New password').fill('remembered this time');
  await stranger.getByRole('button', { name: 'Change the password' }).click();
  await expect(stranger.getByText('The password is changed')).toBeVisible();
  await stranger.locator('#main').getByRole('button', { name: 'Sign out' }).click();
  await expect(stranger).toHaveURL(/\/login/);
  await stranger.goto(link);
  await expect(stranger.getByText('This link does not hold any more')).toBeVisible();
  await signIn(stranger, 'ann', 'remembered this time');
  await expect(stranger).toHaveURL(/\/lines/);
});

test('what is dangerous wants the password again, then is done', async ({ daemon, stranger, faults }) => {
  faults.push(/status of 40[13]/);
  await user(daemon, 'ann');
  await signIn(stranger, 'ann');
  await expect(stranger).toHaveURL(/\/lines/);
  let refused = true; // as the daemon does a quarter of an hour later
  await stranger.route('**/api/v1/account/tokens', async (route) => {
    if (route.request().method() === 'POST' && refused) {
      await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ code: 'confirm-needed', title: 'Your password is needed again', status: 403 }) });
      return;
    }
    await route.continue();
  });
  await stranger.route('**/api/v1/session/confirm', async (route) => {
    const r = await route.fetch();
    refused = !r.ok();
    await route.fulfill({ response: r });
  });
  await stranger.goto('/account');
  await stranger.getByRole('button', { name: 'New token' }).click();
  await stranger.getByLabel('Name', { exact: true }).fill('script');
  await stranger.getByRole('button', { name: 'New token' }).click();
  const dialog = stranger.getByRole('dialog');
  await dialog.getByLabel('Password').fill('wrong');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('alert')).toContainText('wrong');
  await dialog.getByLabel('Password').fill(word);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  const token = await stranger.getByLabel('Token', { exact: true }).inputValue();
  expect(token).toMatch(/^vaad_/);
  const r = await fetch(daemon.url + '/api/v1/session', { headers: { Authorization: 'Bearer ' + token } });
  expect(((await r.json()) as { name: string }).name).toBe('ann/script');
});

test('the screens of accounts keep WCAG 2.2 AA in both languages', async ({ daemon, open, faults }) => {
  faults.push(/status of 401/);
  await user(daemon, 'ann');
  await daemon.set('groups.sales', { name: 'Sales', lines: [1] });
  await user(daemon, 'bob', [{ role: 'supervisor', groups: ['sales'], more: ['hold'] }]);
  const bob = ((await daemon.api('GET', '/users/bob')) as { id: string }).id;
  for (const language of ['en', 'zh'] as const) {
    const page = await open({ stranger: true, phone: language === 'zh', language });
    await bringAxe(page.context());
    const { link } = (await daemon.api('POST', '/login-links', { user: 'ann' })) as { link: string };
    await page.goto(link);
    for (const at of ['/account', '/users', '/users/new', '/users/' + bob, '/users/sessions']) {
      await page.goto(at);
      await page.locator('main h1').waitFor();
      await page.locator('main').locator('form, table').first().waitFor();
      expect([...(await violations(page)), ...(await cut(page)), ...(await wordless(page, language))], at).toEqual([]);
    }
  }
});
