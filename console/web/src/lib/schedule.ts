// Schedules in words; what no word says (five fields of cron) stays as it is written.
import { has, t } from './text.svelte';

export function scheduleWords(s: string): string {
  const w = s.trim().split(/\s+/);
  const time = /^\d\d:\d\d$/;
  if (w.length === 1 && w[0] === 'never') return t('ui.schedule.never');
  if (w.length === 2 && w[0] === 'daily' && time.test(w[1]!)) return t('ui.schedule.daily', { time: w[1] });
  if (w.length === 3 && w[0] === 'weekly' && has('settings.day.' + w[1]) && time.test(w[2]!)) return t('ui.schedule.weekly', { day: t('settings.day.' + w[1]), time: w[2] });
  if (w.length === 3 && w[0] === 'monthly' && w[1] === 'last' && time.test(w[2]!)) return t('ui.schedule.last', { time: w[2] });
  if (w.length === 3 && w[0] === 'monthly' && /^\d+$/.test(w[1]!) && time.test(w[2]!)) return t('ui.schedule.monthly', { day: w[1], time: w[2] });
  const every = w.length === 2 && w[0] === 'every' ? /^(\d+)([mh])$/.exec(w[1]!) : null;
  if (every) return t(every[2] === 'm' ? 'ui.schedule.minutes' : 'ui.schedule.hours', { n: Number(every[1]) });
  return s;
}
