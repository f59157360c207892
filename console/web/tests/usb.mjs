#!/usr/bin/env node
// Plays vaad-usb (package firmware/wire): what is plugged in, what images there are and how loads go stands in the file
// $VAAD_TEST_USB, which the test writes; daemon.ts says what is in it.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const file = process.env.VAAD_TEST_USB;
let text = readFileSync(file, 'utf8');
let state = JSON.parse(text);
const waiting = new Set();
setInterval(() => {
  const now = readFileSync(file, 'utf8');
  if (now === text) return;
  text = now;
  state = JSON.parse(now);
  for (const f of [...waiting]) f();
}, 50);
const say = (a) => process.stdout.write(JSON.stringify(a) + '\n');

say({ id: 0, hello: { version: 1, program: 'test', images: '/etc/vaad/firmware' } });
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, op, device } = JSON.parse(line);
    if (op === 'watch') {
      const tell = () => say({ id, devices: state.devices });
      waiting.add(tell);
      tell();
      setInterval(tell, 10_000);
    } else if (op === 'verify') {
      say({ id, images: state.images, done: true });
    } else if (op === 'load') {
      for (const p of state.progress ?? []) say({ id, progress: { device, ...p } });
      const over = () => {
        if (!state.over) return;
        waiting.delete(over);
        say(state.over.error ? { id, error: { ...state.over.error, device } } : { id, devices: state.devices, done: true });
      };
      waiting.add(over);
      over();
    } else if (op === 'reset' && state.refuses) {
      say({ id, error: { code: state.refuses, device } });
    } else {
      say({ id, devices: state.devices, done: true });
    }
  })
  .on('close', () => process.exit(0));
