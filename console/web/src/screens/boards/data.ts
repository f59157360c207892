// What the screens of boards ask the daemon for.
import { api, get, type Schemas } from '../../lib/api';

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

/** How a state is coloured. */
export const mark = (state: string): string => ({ running: 'good', opening: 'warn', gone: 'bad', failed: 'bad' })[state] ?? '';
