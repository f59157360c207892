// What the screens of boards share.
import type { Schemas } from '../../lib/api';
import { number } from '../../lib/format';
import { t } from '../../lib/text.svelte';

export type Ladder = Schemas['Ladder'];
export type Message = Schemas['LadderMessage'];

/** How a board's clock runs beside the machine's. */
export function driftWords(ppm: number): string {
  const shown = number(Math.abs(ppm), 2);
  return shown === '0' ? t('boards.drift-none') : t(ppm > 0 ? 'boards.drift' : 'boards.drift-slow', { ppm: shown });
}

/** How a state is coloured. */
export const mark = (state: string): string => ({ running: 'good', opening: 'warn', gone: 'bad', failed: 'bad' })[state] ?? '';
