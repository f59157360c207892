// Lets a line be heard live: a WAV without end is fetched, its samples are
// played as they come, a fifth of a second behind.
import { root } from './client.js';

const RATE = 8000;
const BEHIND = 0.2; // seconds of audio that wait, against uneven delivery
const TOO_FAR = 1; // more than that waits: the sound would lag, so some is left out

// listen plays a line until the returned function is called. onEnd is told once
// when it ends by itself, with true after an error.
export function listen(line, onEnd) {
  const control = new AbortController();
  const sound = new AudioContext({ sampleRate: RATE });
  let over = false;
  const stop = () => {
    if (over) return;
    over = true;
    control.abort();
    sound.close();
  };
  play(line, sound, control.signal)
    .then(() => false, () => true)
    .then((failed) => {
      const byItself = !over;
      stop();
      if (byItself) onEnd(failed);
    });
  return stop;
}

async function play(line, sound, signal) {
  const resp = await fetch(`${root}/lines/${line}/listen?format=pcm16`, { signal });
  if (!resp.ok) throw new Error(String(resp.status));
  const reader = resp.body.getReader();
  let left = new Uint8Array(0);
  let head = null; // channels, once the header was read
  let next = 0; // when the next piece is to be heard
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const all = new Uint8Array(left.length + value.length);
    all.set(left);
    all.set(value, left.length);
    left = all;
    if (!head) {
      head = header(left);
      if (!head) continue;
      left = left.slice(head.data);
    }
    const frames = Math.floor(left.length / (2 * head.channels));
    if (frames === 0) continue;
    const piece = samples(left, frames, head.channels, sound);
    left = left.slice(frames * 2 * head.channels);
    if (next < sound.currentTime) next = sound.currentTime + BEHIND;
    if (next > sound.currentTime + TOO_FAR) continue;
    const source = sound.createBufferSource();
    source.buffer = piece;
    source.connect(sound.destination);
    source.start(next);
    next += piece.duration;
  }
}

// header finds the samples behind the chunks of a WAV, or null until they have come.
function header(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  let channels = 1;
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (name(at) === 'data') return { channels, data: at + 8 };
    if (name(at) === 'fmt ' && at + 12 <= bytes.length) channels = view.getUint16(at + 10, true);
    at += 8 + view.getUint32(at + 4, true);
  }
  return null;
}

function samples(bytes, frames, channels, sound) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buffer = sound.createBuffer(channels, frames, RATE);
  for (let c = 0; c < channels; c++) {
    const to = buffer.getChannelData(c);
    for (let i = 0; i < frames; i++) to[i] = view.getInt16(2 * (i * channels + c), true) / 32768;
  }
  return buffer;
}
