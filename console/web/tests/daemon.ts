// The built daemon as a process with a folder of its own, and the other ends of
// its lines. Knows nothing of browsers.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const repository = resolve(import.meta.dirname, '../../..');
export const binaries = resolve(process.env['VAAD_BIN'] ?? join(repository, 'bin'));

/** What a daemon is started with. */
export interface Site {
  /** Lines of the board "sim", whose clock is the wall's. Default 4. */
  lines?: number;
  /** Lines of the board "fast", whose clock is as fast as its peers: minutes of calls in a second. Default 2. */
  fast?: number;
  /** A scene for the board "sim": simulated callers. */
  scene?: string;
  /** More for vaad.toml, before its tables: keys of the top. */
  top?: string;
  /** More for vaad.toml, after its tables. */
  config?: string;
  /** Environment of the daemon. */
  env?: Record<string, string>;
  /** What vaad-usb tells; absent: there is none. */
  usb?: Usb;
}

/** What the vaad-usb of a test tells, in the words of package firmware/wire. */
export interface Usb {
  devices: object[];
  images?: object[];
  /** Steps of a load, told at once. */
  progress?: object[];
  /** What a load comes to; absent: it goes on. */
  over?: { error?: { code: string; detail?: string } };
  /** Code with which resets are refused. */
  refuses?: string;
}

/** A call on a line of the board "fast". */
export interface Incoming {
  /** Line of the board, from 1. */
  port?: number;
  /** Caller ID; absent: none. */
  number?: string;
  name?: string;
  /** Seconds of speech. Default 10. */
  speech?: number;
  /** Steps of e2e/peer after the speech, as "keys 12; tone 1000 3". */
  steps?: string;
  /** Nobody answers. */
  missed?: boolean;
}

type Row = Record<string, unknown>;

export class Daemon {
  readonly root: string;
  url = '';
  private process: ChildProcess;
  private said = '';
  private ended = false;
  private peers = new Map<string, Peer>();

  private constructor(root: string, site: Site) {
    this.root = root;
    const web = process.env['VAAD_WEB'];
    const args = ['--pdeathsig', 'KILL', join(binaries, 'vaad'), 'run', '--root', root, ...(web ? ['--web', resolve(web)] : [])];
    this.process = spawn('setpriv', args, { env: { ...process.env, VAAD_TEST_USB: join(root, 'usb.json'), ...site.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (b: Buffer): void => void (this.said = (this.said + b.toString()).slice(-200_000));
    this.process.stdout?.on('data', keep);
    this.process.stderr?.on('data', keep);
    this.process.on('exit', () => (this.ended = true));
  }

  static async start(site: Site = {}): Promise<Daemon> {
    const root = mkdtempSync(join(tmpdir(), 'vw'));
    const scene = site.scene ? `scene = "${site.scene}"\n` : '';
    const fast = site.fast ?? 2;
    writeFileSync(
      join(root, 'vaad.toml'),
      `listen = "127.0.0.1:0"\n${site.top ?? ''}\n[[board]]\ndriver = "sim"\nid = "sim"\nclock = "real"\ncount = ${site.lines ?? 4}\n${scene}` +
        (fast > 0 ? `[[board]]\ndriver = "sim"\nid = "fast"\nclock = "peers"\ncount = ${fast}\n` : '') +
        `[firmware]\nhelper = "${site.usb ? join(import.meta.dirname, 'usb.mjs') : '/nonexistent/vaad-usb'}"\n` +
        (site.config ?? ''),
      { mode: 0o600 },
    );
    if (site.usb) writeUsb(root, site.usb);
    const d = new Daemon(root, site);
    try {
      await d.until('the daemon answers', async () => {
        if (d.ended) throw new Error(`vaad ended at once:\n${d.said}`);
        const link = d.link();
        if (!link) return false;
        d.url = new URL(link).origin;
        const r = await fetch(d.url + '/healthz').catch(() => null);
        return r?.ok === true;
      });
      await d.until('its boards run', async () => ((await d.api('GET', '/boards')) as { items: Row[] }).items.every((b) => b['state'] === 'running'));
    } catch (e) {
      await d.stop();
      throw e;
    }
    return d;
  }

  /** Changes what vaad-usb tells. */
  usb(now: Usb): void {
    writeUsb(this.root, now);
  }

  /** The link that signs in, as the daemon has written it. */
  link(): string {
    try {
      return readFileSync(join(this.root, 'run/console'), 'utf8').trim();
    } catch {
      return '';
    }
  }

  /** What the daemon has printed. */
  log(): string {
    return this.said;
  }

  /** The daemon's process, for looking at what it uses. */
  pid(): number {
    return this.process.pid ?? 0;
  }

  async stop(): Promise<void> {
    for (const p of this.peers.values()) p.close();
    if (!this.ended) {
      const gone = new Promise<void>((done) => this.process.once('exit', () => done()));
      this.process.kill('SIGTERM');
      const timer = setTimeout(() => this.process.kill('SIGKILL'), 60_000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Asks the API as an administrator, through the unix socket. A refusal throws. */
  api(method: string, path: string, body?: unknown): Promise<any> {
    return new Promise((done, fail) => {
      const data = body === undefined ? undefined : JSON.stringify(body);
      const r = request(
        { socketPath: join(this.root, 'run/vaad.sock'), path: '/api/v1' + path, method, headers: { 'Accept-Language': 'en', ...(data === undefined ? {} : { 'Content-Type': 'application/json' }) } },
        (resp) => {
          let text = '';
          resp.setEncoding('utf8');
          resp.on('data', (part: string) => (text += part));
          resp.on('end', () => {
            const status = resp.statusCode ?? 0;
            if (status >= 300) fail(new Error(`${method} ${path}: ${status} ${text}`));
            else done(text === '' ? undefined : JSON.parse(text));
          });
        },
      );
      r.on('error', fail);
      r.end(data);
    });
  }

  /** Sets one setting, as "lines.1.trigger". */
  async set(path: string, value: unknown): Promise<void> {
    await this.api('PUT', '/settings/value', { path, value, why: 'test' });
  }

  /** Runs vaactl on the daemon's folder and returns what it prints. */
  ctl(...args: string[]): Promise<string> {
    return new Promise((done, fail) => {
      execFile(join(binaries, 'vaactl'), ['--root', this.root, ...args], { maxBuffer: 1 << 26 }, (err, out, errs) => (err ? fail(new Error(`vaactl ${args.join(' ')}: ${errs || err.message}`)) : done(out)));
    });
  }

  /** Waits until something is so. */
  async until(what: string, is: () => Promise<boolean> | boolean, ms = 120_000): Promise<void> {
    for (const end = Date.now() + ms; !(await is()); ) {
      if (Date.now() > end) throw new Error(`waited in vain: ${what}\n${this.said.slice(-4000)}`);
      await new Promise((r) => setTimeout(r, 25));
    }
  }

  /** The permanent number of a board's line. */
  async lineOf(board: string, port: number): Promise<number> {
    let found = 0;
    await this.until(`line ${port} of ${board}`, async () => {
      const rows = ((await this.api('GET', '/lines')) as { items: Row[] }).items;
      found = (rows.find((l) => l['board'] === board && l['port'] === port)?.['line'] as number | undefined) ?? 0;
      return found > 0;
    });
    return found;
  }

  /**
   * Lets a line of the board "sim" do steps of e2e/peer (its steps.go lists
   * them), as "ring 1; volts -8; speech 5". Ends when the last is played; the
   * line is held after it: "hum 1000" is heard until "hum 0".
   */
  line(port: number, steps: string): Promise<void> {
    return this.peer('sim').wish(port, steps);
  }

  /** Calls that come in, one after another on each line, at once. Ends when their recordings are stored; gives those, oldest first. */
  async calls(...all: Incoming[]): Promise<Row[]> {
    const before = new Set((await this.recordings()).map((r) => r['id']));
    await Promise.all(
      all.map((c) => {
        const who = c.number ? `caller ${c.number} ${c.name ?? ''}; wait 1.5;` : 'wait 3.5;';
        const talk = c.missed ? 'wait 8' : `volts -8; wait 0.5; speech ${c.speech ?? 10} ${c.number?.slice(-2) ?? 1}; ${c.steps ?? ''}; volts -48; wait 4`;
        return this.peer('fast').wish(c.port ?? 1, `volts -48; wait 4; ring 1; ${who} ring 1; ${talk}`);
      }),
    );
    const wanted = all.filter((c) => !c.missed).length;
    let fresh: Row[] = [];
    await this.until(`${wanted} recordings are stored`, async () => {
      fresh = (await this.recordings()).filter((r) => !before.has(r['id']) && r['state'] !== 'recording' && r['state'] !== 'open');
      return fresh.length >= wanted;
    });
    return fresh.reverse();
  }

  /** All recordings, newest first. */
  async recordings(): Promise<Row[]> {
    return ((await this.api('GET', '/recordings?limit=1000')) as { items: Row[] }).items;
  }

  private peer(board: 'sim' | 'fast'): Peer {
    let p = this.peers.get(board);
    if (!p) {
      p = new Peer(join(this.root, 'run', board), board === 'fast');
      this.peers.set(board, p);
    }
    return p;
  }
}

/** Writes it whole: vaad-usb may read at any moment. */
function writeUsb(root: string, usb: Usb): void {
  writeFileSync(join(root, 'usb.tmp'), JSON.stringify(usb));
  renameSync(join(root, 'usb.tmp'), join(root, 'usb.json'));
}

/** A process of e2e/peer. */
class Peer {
  private process: ChildProcess;
  private waiting = new Map<string, { done: () => void; fail: (e: Error) => void }>();
  private next = 0;

  constructor(dir: string, leave: boolean) {
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', `${repository}/.cache/web/peer`, '-dir', dir, ...(leave ? ['-leave'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.process.stdout! }).on('line', (l) => {
      const [id = '', ...what] = l.split(' ');
      const w = this.waiting.get(id);
      this.waiting.delete(id);
      if (what[0] === 'done') w?.done();
      else w?.fail(new Error(what.join(' ')));
    });
    this.process.on('exit', () => {
      for (const w of this.waiting.values()) w.fail(new Error('the peer ended'));
    });
  }

  wish(line: number, steps: string): Promise<void> {
    return new Promise((done, fail) => {
      const id = String(++this.next);
      this.waiting.set(id, { done, fail });
      this.process.stdin!.write(`${id} ${line} ${steps}\n`);
    });
  }

  close(): void {
    this.waiting.clear();
    this.process.kill('SIGKILL');
  }
}
