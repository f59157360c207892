// What went wrong, in words: what happened, where, what to do.
import { Refused } from './api';
import { t } from './text.svelte';

export interface Said {
  title: string;
  detail: string;
  remedy: string;
}

/** The words of a refusal of the daemon, of a daemon that is not reached, or of a fault of the page itself. */
export function said(e: unknown): Said {
  if (!(e instanceof Refused)) return { title: t('ui.page-fault'), detail: e instanceof Error ? e.message : String(e), remedy: t('ui.page-fault-remedy') };
  const p = e.problem;
  if (p.code === 'unreachable') return { title: t('ui.unreachable'), detail: '', remedy: t('ui.unreachable-remedy') };
  return { title: p.title || p.code, detail: p.detail ?? '', remedy: p.remedy ?? '' };
}
