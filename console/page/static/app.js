// The page as a whole: language, tabs, overview, and when to look again.
import { h, icon, later, set, $ } from './dom.js';
import { t, code, load as loadText, preferred } from './text.js';
import { get } from './client.js';
import { bytes, number } from './format.js';
import * as feed from './feed.js';
import * as lines from './lines.js';
import * as recordings from './recordings.js';
import * as calls from './calls.js';
import * as alarms from './alarms.js';

const tabs = ['lines', 'recordings', 'calls', 'alarms'];
let current = 'lines';
let verbs = new Set();
let linked = null;
let me = { name: '' };
let site = 'vaad';

const can = (verb) => verbs.has(verb);
const needs = { lines: 'view-lines', recordings: 'search', calls: 'calls', alarms: 'alarm-read' };

function complain(text) {
  const box = $('message');
  box.hidden = !text;
  if (!text) return;
  box.replaceChildren(h('button', { type: 'button', 'aria-label': t('page.close'), onclick: () => complain(null) }, icon('close')), text);
}

async function show(name) {
  const open = tabs.filter((n) => can(needs[n]));
  current = open.includes(name) ? name : open[0];
  if (!current) return;
  for (const n of tabs) {
    $(n).hidden = n !== current;
    $('tab-' + n).setAttribute('aria-selected', String(n === current));
    $('tab-' + n).tabIndex = n === current ? 0 : -1;
  }
  history.replaceState(null, '', '#' + current);
  if (current === 'recordings' && !$('rec-filter')) await recordings.draw();
  else if (current === 'recordings') await recordings.load(false);
  if (current === 'calls' && !$('call-filter')) await calls.draw();
  else if (current === 'calls') await calls.load(false);
  if (current === 'alarms') await alarms.load();
}

// Arrow keys move between tabs (WAI-ARIA Authoring Practices, "Tabs").
function keys(e) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  const open = tabs.filter((n) => can(needs[n]));
  const to = step ? (open.indexOf(current) + step + open.length) % open.length : { Home: 0, End: open.length - 1 }[e.key];
  if (to === undefined) return;
  e.preventDefault();
  show(open[to]);
  $('tab-' + open[to]).focus();
}

async function whoAmI() {
  me = await get('/session');
  verbs = new Set(me.verbs);
  for (const n of tabs) $('tab-' + n).hidden = !can(needs[n]);
}

function title() {
  document.title = site + ' · ' + t('page.subtitle');
}

// troubles are what is wrong with a board and its spans, each with what to do.
function troubles(b) {
  const say = (name, text, remedy, reason) => h('span', { class: 'state bad trouble', title: reason || '' }, icon('warn'),
    h('span', {}, name + ': ' + text, remedy ? h('span', { class: 'soft' }, ' ' + remedy) : ''));
  const down = b.state === 'running' ? [] : [say(b.id, code('board', b.state) + (b.text ? '. ' + b.text : ''), b.remedy, b.reason)];
  return down.concat((b.spans || []).filter((s) => s.alarms.length || s.text).map((s) => say(b.id + ' span ' + s.span, s.text || s.alarms.join(', '), s.remedy)));
}

async function overview() {
  if (!can('status')) {
    $('summary').replaceChildren(h('span', {}, t('page.you-are', { actor: me.name })));
    return;
  }
  let s;
  try {
    s = await get('/status');
  } catch {
    return; // the link badge tells
  }
  $('simulated').hidden = !s.simulated;
  site = s.site || 'vaad';
  title();
  const part = (key, value) => h('span', {}, t(key) + ' ', h('b', {}, value));
  const busy = Object.entries(s.states).filter(([k]) => !['idle', 'unused'].includes(k)).map(([k, n]) => code('state', k) + ' ' + n).join(', ');
  $('summary').replaceChildren(part('page.lines', String(s.lines)), busy ? h('span', {}, busy) : '', part('page.recording-count', String(s.recording)),
    part('page.recordings', (s.at_least ? '≥ ' : '') + number(s.recordings)), s.disk ? part('page.free', bytes(s.disk.free_bytes)) : '',
    ...s.boards.flatMap(troubles),
    h('span', {}, t('page.you-are', { actor: s.actor.name })), part('page.version', s.version));
}

function link(up) {
  linked = up;
  const el = $('link');
  el.className = 'badge ' + (up ? 'on' : 'off');
  set(el, t(up ? 'page.live' : 'page.no-link'));
}

async function speak(lang, remember) {
  await loadText(lang, remember);
  $('lang').value = lang;
  title();
  if (linked !== null) link(linked);
  lines.draw();
  for (const id of ['recordings', 'calls']) $(id).replaceChildren();
  await Promise.all([overview(), alarms.load()]);
}

async function main() {
  lines.init(can, complain);
  recordings.init(can, complain);
  alarms.init(can, complain);
  calls.init(complain, async (id) => {
    await show('recordings');
    await recordings.reveal(id);
  });
  await loadText(preferred(), false);
  await whoAmI();
  await speak(preferred(), false);
  $('lang').addEventListener('change', async (e) => {
    await speak(e.target.value, true);
    await show(current);
  });
  document.querySelector('.tabs').addEventListener('keydown', keys);
  for (const n of tabs) $('tab-' + n).addEventListener('click', () => show(n));
  feed.on('link', link);
  const fresh = later(() => {
    if (current === 'recordings') recordings.load(false);
    if (current === 'calls') calls.load(false);
  }, 1500);
  feed.on('ended', fresh);
  feed.on('alarms', later(alarms.load, 300));
  feed.on('fact', (f) => ['call-begin', 'call-answered', 'call-end'].includes(f.kind) && fresh());
  feed.start();
  setInterval(overview, 5000);
  setInterval(alarms.load, 60000);
  await show(location.hash.slice(1) || 'lines');
}

main().catch((e) => complain(e.message));
