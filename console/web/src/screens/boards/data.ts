// What the screens of boards ask the daemon for.
import { api, get, type Schemas } from '../../lib/api';
import { number } from '../../lib/format';
import { t } from '../../lib/text.svelte';

export type Board = Schemas['Board'];
export type Detail = Schemas['BoardDetail'];
export type Ladder = Schemas['Ladder'];
export type Message = Schemas['LadderMessage'];

export const boardsNow = async (): Promise<Board[]> => (await get(api.GET('/boards'))).items;
export const boardNow = (board: string): Promise<Detail> => get(api.GET('/boards/{board}', { params: { path: { board } } }));

/** Calls f now and then, while the page is looked at. */
export function often(f: () => void, ms: number): () => void {
  f();
  const each = setInterval(() => document.hidden || f(), ms);
  return () => clearInterval(each);
}

/** How a board's clock runs beside the machine's. */
export function driftWords(ppm: number): string {
  const shown = number(Math.abs(ppm), 2);
  return shown === '0' ? t('boards.drift-none') : t(ppm > 0 ? 'boards.drift' : 'boards.drift-slow', { ppm: shown });
}

/** How a state is coloured. */
export const mark = (state: string): string => ({ running: 'good', opening: 'warn', gone: 'bad', failed: 'bad' })[state] ?? '';
