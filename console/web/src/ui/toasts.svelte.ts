// Short messages at the edge of the page, with something to undo where it can be undone.
import { said } from '../lib/problem';

export interface Toast {
  id: number;
  text: string;
  kind: 'done' | 'bad';
  act?: { text: string; run: () => void | Promise<void> };
}

let all = $state.raw<Toast[]>([]);
let last = 0;

export const toasts = {
  get all(): Toast[] {
    return all;
  },
};

/** Shows a message; one with an act stays longer, a bad one until it is closed: it is not shown twice. */
export function tell(text: string, more: { kind?: 'done' | 'bad'; act?: Toast['act'] } = {}): void {
  const id = ++last;
  all = [...all.filter((x) => more.kind !== 'bad' || x.text !== text), { id, text, kind: more.kind ?? 'done', act: more.act }].slice(-4);
  if (more.kind !== 'bad') setTimeout(() => close(id), more.act ? 20_000 : 5_000);
}

/** Says what went wrong. */
export function complain(e: unknown): void {
  const s = said(e);
  tell([s.title, s.detail, s.remedy].filter(Boolean).join(' – '), { kind: 'bad' });
}

export function close(id: number): void {
  all = all.filter((x) => x.id !== id);
}
