// The screens that there are, read from the lists that the page is made of.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon, Usb } from './daemon';

const screensDir = join(process.env['VAAD_SRC'] ?? join(import.meta.dirname, '../src'), 'screens');

export interface Screen {
  area: string;
  path: string;
  bare: boolean;
}

/** Every screen of src/screens/AREA/routes.ts, in the order of the files. */
export function screensOf(): Screen[] {
  const all: Screen[] = [];
  for (const area of readdirSync(screensDir).sort()) {
    let src = '';
    try {
      src = readFileSync(join(screensDir, area, 'routes.ts'), 'utf8');
    } catch {
      continue;
    }
    for (const m of src.matchAll(/path: '([^']+)'((?:[^{}]|\{[^{}]*\})*)\}/g)) {
      all.push({ area, path: m[1]!, bare: /bare: true/.test(m[2]!) });
    }
  }
  return all;
}

/** What stands for the parameters of addresses on a daemon with something on it. */
export interface Standing {
  recording: string;
  call: string;
  line: number;
  user: string;
}

/** An address of a screen that shows something. */
export function addressOf(s: Screen, has: Standing): string {
  return s.path
    .split('/')
    .map((part, i, all) => {
      if (part === '*') return '';
      if (!part.startsWith(':')) return part;
      switch (all[i - 1]) {
        case 'recordings':
        case 'replay':
          return has.recording;
        case 'calls':
          return has.call;
        case 'lines':
        case 'line':
          return String(has.line);
        case 'boards':
          return 'e1';
        case 'spans':
          return '1';
        case 'settings':
          return 'site';
        case 'users':
          return has.user;
        case 'assurance':
          return new Date().toISOString().slice(0, 10) + '?fresh=yes';
        default:
          throw new Error(`what stands for ${part} of ${s.path}? tests/routes.ts does not know`);
      }
    })
    .join('/');
}

/** A name for pictures: "recordings-id". */
export function nameOf(s: Screen): string {
  return s.path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'home';
}

/** An Astribank that waits for its firmware, and one into which it could not be loaded; a modem; two images. */
export const pluggedIn: Usb = {
  devices: [
    { id: 'X1000001', port: '1-1.2', vendor: 0xe4e4, product: 0x1130, serial: 'X1000001', model: 'Xorcom Astribank', kind: 'astribank', state: 'no-firmware' },
    { id: '1-1.3', port: '1-1.3', vendor: 0xe4e4, product: 0x1131, model: 'Xorcom Astribank', kind: 'astribank', state: 'failed', reason: 'did-not-return', detail: 'awaited e4e4:1132 for 20 s' },
    { id: '00000001', port: '1-2', vendor: 0x0572, product: 0x1340, serial: '00000001', model: 'Conexant USB Modem', kind: 'voicemodem', state: 'ready', tty: '/dev/ttyACM0', driver: 'cdc_acm' },
  ],
  images: [
    { file: 'USB_FW.hex', version: '10.2', licence: 'Xorcom; may not be handed on', sha256: 'ab12'.repeat(16), loads: 'fx2 e4e4:1130' },
    { file: 'FPGA_1151.hex', version: '1151', licence: 'Xorcom; may not be handed on', sha256: 'cd34'.repeat(16), loads: 'fpga e4e4:1131', fault: 'image-changed', detail: 'SHA-256 is 00ff…' },
  ],
};

/** The daemon that [furnish] puts something on: analog lines, a tapped E1, and what is plugged in. */
export const furnished = { lines: 8, fast: 2, usb: pluggedIn, config: '[[board]]\ndriver = "sim"\nid = "e1"\nclock = "real"\nspans = [{channels = 31, tap = true}]\n' };

/** Puts something on a daemon: recordings with notes, calls, a line that rings, one that talks. */
export async function furnish(daemon: Daemon): Promise<Standing> {
  const made = await daemon.calls(
    { number: '02131234567', name: '张三', speech: 40, steps: 'keys 12#; tone 1000 2' },
    { port: 2, number: '13800138000', name: 'Northern Instruments', speech: 12 },
    { port: 2, missed: true, number: '075512345678' },
  );
  const one = made.find((r) => r['caller'] === '02131234567') ?? made[0]!;
  const id = one['id'] as string;
  await daemon.api('POST', `/recordings/${id}/notes`, { text: 'Asked for the price list; call back on Monday. 请回电。' });
  await daemon.api('POST', `/recordings/${id}/marks`, { at_s: 5, text: 'price' });
  const { user } = (await daemon.api('POST', '/users', { name: 'liwei', display: '李伟', grants: [{ role: 'reviewer', groups: [] }] })) as { user: { id: string } };
  await daemon.line(1, 'volts -8; hum 400');
  await daemon.line(2, 'volts -48; event ring');
  return { recording: id, call: one['call'] as string, line: await daemon.lineOf('sim', 1), user: user.id };
}
