import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/share', load: () => import('./Shared.svelte'), bare: true }];
