// What is done to recordings, one or many, with a way back.
import { t } from '../../lib/text.svelte';
import { complain, tell } from '../../ui/toasts.svelte';
import { ask as question } from '../../ui/asked.svelte';
import { ask, type Acted, type Query } from './data';

export type Kind = 'protect' | 'unprotect' | 'hold' | 'release' | 'class' | 'trash' | 'undelete' | 'erase';
/** Recordings of a list, or all that a search finds. */
export type Which = { ids: string[] } | { search: Query };

/** Does something to recordings and offers to take it back. */
export async function act(kind: Kind, which: Which, more: Query = {}, after: () => void | Promise<void> = () => undefined): Promise<Acted | null> {
  try {
    const body = 'ids' in which ? { ids: which.ids } : { search: true };
    const done = await ask<Acted>('POST', '/recordings/acts/' + kind, 'ids' in which ? {} : which.search, { ...body, ...more });
    said(kind, done, after);
    await after();
    return done;
  } catch (e) {
    complain(e);
    return null;
  }
}

function said(kind: Kind, done: Acted, after: () => void | Promise<void>): void {
  const parts = [t(done.approval ? 'recordings.asked-approval' : 'recordings.done-' + kind, { n: done.changed })];
  if (done.unchanged > 0) parts.push(t('recordings.were-so', { n: done.unchanged }));
  for (const s of done.skipped) parts.push(t('recordings.skipped', { n: s.count, why: s.title }));
  const undo = done.undo;
  tell(parts.join(' '), {
    kind: done.changed === 0 && done.skipped.length > 0 ? 'bad' : 'done',
    act: undo
      ? {
          text: t('recordings.undo'),
          run: async () => {
            try {
              const back = await ask<Acted>('POST', '/recordings/acts/' + undo.split('.')[0], {}, { undo });
              tell(t('recordings.undone', { n: back.changed }));
              await after();
            } catch (e) {
              complain(e);
            }
          },
        }
      : undefined,
  });
}

/** Asks for a reason and erases for good. */
export async function erase(which: Which, n: number, after: () => void | Promise<void>): Promise<void> {
  const reason = await question({ title: t('recordings.erase'), text: t('recordings.erase-sure', { n }), yes: t('recordings.erase'), danger: true, reason: true });
  if (reason !== null) await act('erase', which, reason ? { reason } : {}, after);
}
