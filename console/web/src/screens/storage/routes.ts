import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/storage', load: () => import('./Use.svelte'), verb: 'status', nav: { text: 'nav.storage', icon: 'storage', group: 'box', order: 70 } },
  { path: '/storage/backups', load: () => import('./Backups.svelte'), verb: 'keep' },
  { path: '/storage/proof', load: () => import('./Proof.svelte'), verb: 'audit-read' },
  { path: '/storage/assurance', load: () => import('./Assurance.svelte'), verb: 'calls' },
  { path: '/storage/assurance/:day', load: () => import('./Day.svelte'), verb: 'calls' },
  { path: '/storage/approvals', load: () => import('./Approvals.svelte'), verb: 'erase' },
  { path: '/storage/erasures', load: () => import('./Erasures.svelte'), verb: 'erase' },
  { path: '/storage/holds', load: () => import('./Holds.svelte'), verb: 'search' },
];
