// What the screens of alarms share.
import type { Schemas } from '../../lib/api';

export type Alarm = Schemas['Alarm'];

/** Where on the console that is, what an alarm is about; empty: nowhere of its own. */
export function place(a: Alarm): string {
  switch (a.kind) {
    case 'line':
      return a.line ? `/lines/${a.line}` : '/lines';
    case 'board':
    case 'span':
      return '/boards';
    case 'disk':
      return '/storage';
    case 'target':
      return '/storage/backups';
    case 'job':
      return '/jobs';
    case 'route':
      return '/alarms/routes';
    case 'file':
      return '/system';
    default:
      return '';
  }
}
