// Every screen of the console. Each area lists its own in screens/AREA/routes.ts:
// where a screen is, who may see it, and where it stands in the navigation. A
// screen is loaded when it is first gone to.
import type { Component } from 'svelte';

/** A screen gets the parameters of its address. */
export interface ScreenProps {
  params: Record<string, string>;
}

export interface Route {
  /** As "/lines/:n"; a last part "*" takes the rest. */
  path: string;
  /** The screen; its props are [ScreenProps], or none. */
  load: () => Promise<{ default: Component<any> }>;
  /** Right that a visitor needs; absent: every signed-in visitor. */
  verb?: string;
  /** Address of the screen in the navigation that it belongs to, where its own does not begin with that. */
  under?: string;
  /** Shown without a session too, and without the frame around it. */
  bare?: boolean;
  /** Entry of the navigation: key of its words, icon, group, place in it. */
  nav?: { text: string; icon: string; group: 'work' | 'box'; order: number };
}

const areas = import.meta.glob<{ routes: Route[] }>('./screens/*/routes.ts', { eager: true });

export const routes: Route[] = Object.values(areas)
  .flatMap((a) => a.routes)
  .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0));

/** Where a visitor lands. */
export const home = '/lines';
