import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/boards', load: () => import('./List.svelte'), verb: 'view-lines', nav: { text: 'nav.boards', icon: 'boards', group: 'box', order: 10 } },
  { path: '/usb', load: () => import('./Usb.svelte'), verb: 'status', under: '/boards' },
  { path: '/doctor', load: () => import('./Doctor.svelte'), verb: 'maintain', under: '/boards' },
  { path: '/boards/:board', load: () => import('./Board.svelte'), verb: 'view-lines' },
  { path: '/boards/:board/spans/:n', load: () => import('./Ladder.svelte'), verb: 'save-flight' },
];
