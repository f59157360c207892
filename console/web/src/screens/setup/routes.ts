import type { Route } from '../../routes';

export const routes: Route[] = [{ path: '/setup', load: () => import('./Setup.svelte'), bare: true }];
