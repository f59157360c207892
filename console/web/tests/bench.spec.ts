// What the line wall costs with 128 lines on which people speak: processor time
// of the daemon and of the browser, read from /proc. Told, not asserted:
//
//   make bench-console
import { readdirSync, readFileSync } from 'node:fs';
import { test } from './harness';

const TICKS = 100; // of /proc/PID/stat a second

/** Processor time of a process, s. */
function used(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(f[11]) + Number(f[12])) / TICKS;
  } catch {
    return 0;
  }
}

/** The processes of browsers that this one has started. */
function browsers(): number[] {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const d of readdirSync('/proc').filter((x) => /^\d+$/.test(x))) {
    try {
      const stat = readFileSync(`/proc/${d}/stat`, 'utf8');
      parents.set(Number(d), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      names.set(Number(d), stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')));
    } catch {
      continue; // it has ended
    }
  }
  const ours = (p: number): boolean => p === process.pid || (p > 1 && ours(parents.get(p) ?? 0));
  return [...parents.keys()].filter((p) => p !== process.pid && /chrom/.test(names.get(p) ?? '') && ours(p));
}

test.describe('what the wall costs', () => {
  test.skip(!process.env['VAAD_BENCH'], 'it is asked for by make bench-console');
  test.use({ site: { lines: 128, fast: 0 } });
  test.setTimeout(240_000);

  test('128 lines on which people speak', async ({ open, daemon }) => {
    const seconds = 20;
    const talk = Array.from({ length: 128 }, (_, i) => daemon.line(i + 1, `volts -48; wait 0.1; volts -8; wait 0.5; speech 120 ${i}`).catch(() => undefined));
    await new Promise((r) => setTimeout(r, 8000));
    const measure = async (what: string): Promise<void> => {
      const pids = browsers();
      const before = [used(daemon.pid()), ...pids.map(used)];
      await new Promise((r) => setTimeout(r, seconds * 1000));
      const after = [used(daemon.pid()), ...pids.map(used)];
      const share = after.map((v, i) => (100 * (v - before[i]!)) / seconds);
      const browser = share.slice(1).reduce((a, b) => a + b, 0);
      console.log(`${what}: daemon ${share[0]!.toFixed(1)} %, browser ${browser.toFixed(1)} % of one core`);
    };
    await measure('nobody watches, 128 lines recorded');
    const page = await open({ more: { viewport: { width: 1366, height: 768 } } });
    await page.goto('/lines');
    await page.locator('.tile').nth(127).waitFor();
    await new Promise((r) => setTimeout(r, 3000));
    await measure('one watches the wall');
    await page.goto('/lines/1');
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    await new Promise((r) => setTimeout(r, 2000));
    await measure('one watches a panel and listens');
    void talk;
  });
});
