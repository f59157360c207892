// What is said of USB devices and their firmware.
import type { Schemas } from '../../lib/api';
import { percent } from '../../lib/format';
import { code, has, t } from '../../lib/text.svelte';

export type Device = Schemas['USBDevice'];
export type Image = Schemas['FirmwareImage'];

/** How a state is coloured. */
export const tone = (d: Device): string => (d.kind === 'unsupported' ? '' : ({ ready: 'good', 'no-firmware': 'warn', 'usb-firmware': 'warn', failed: 'bad', unbound: 'bad' }[d.state as string] ?? ''));

/** How far a load is, in words. */
export function progressWords(p: Schemas['USBProgress']): string {
  const part = has('usb.part.' + p.stage) ? t('usb.part.' + p.stage) : t('usb.part.other', { n: p.stage });
  return t('usb.progress', { part, image: p.image, step: t('usb.step.' + p.step, { percent: percent(p.total > 0 ? p.done / p.total : 0) }) });
}

/** What an image is for, as "fpga e4e4:1131". */
export function loadsWords(loads: string | undefined): string {
  const [part = '', ...device] = (loads ?? '').split(' ');
  return has('usb.loads.' + part) ? t('usb.loads.' + part, { device: device.join(' ') }) : (loads ?? '');
}

/** The board that a modem is; undefined: none yet. */
export const boardOf = (d: Device, boards: Schemas['Board'][]): Schemas['Board'] | undefined =>
  boards.find((b) => b.driver === 'voicemodem' && (b.location ?? '').split(/[\s,]+/).some((part) => part === d.port || part === d.tty));

/** Whether something is to be done before a device serves calls. */
export const waits = (d: Device, boards: Schemas['Board'][]): boolean => d.kind !== 'unsupported' && (d.state !== 'ready' || (d.kind === 'voicemodem' && !boardOf(d, boards)));

/** What makes a modem a board, as lines of vaad.toml. */
export function boardLines(d: Device, boards: Schemas['Board'][]): string {
  let n = 1;
  while (boards.some((b) => b.id === `modem${n}`)) n++;
  return `[[board]]\ndriver = "voicemodem"\nid = "modem${n}"\ndevice = ${JSON.stringify(d.serial || d.port)}`;
}

/** A fault in words, with what was answered. */
export const faultWords = (f: Schemas['Fault']): string => [f.text ?? code('problem', f.code), f.detail].filter(Boolean).join(': ');
