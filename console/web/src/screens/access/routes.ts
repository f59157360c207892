import type { Route } from '../../routes';

export const routes: Route[] = [
  { path: '/login', load: () => import('./Login.svelte'), bare: true },
  { path: '/account', load: () => import('./Account.svelte') },
  { path: '/users', load: () => import('./Users.svelte'), verb: 'users', nav: { text: 'nav.users', icon: 'people', group: 'box', order: 82 } },
  { path: '/users/sessions', load: () => import('./Everybody.svelte'), verb: 'users' },
  { path: '/users/new', load: () => import('./User.svelte'), verb: 'users' },
  { path: '/users/:id', load: () => import('./User.svelte'), verb: 'users' },
];
