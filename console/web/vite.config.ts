import { defineConfig } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';

// The result depends on nothing but the sources, so that CI can build it again
// and compare: no times, no absolute paths, no source maps.
export default defineConfig({
  base: '/',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    sourcemap: false,
    reportCompressedSize: false,
    assetsInlineLimit: 0, // the content security policy has no data: for scripts
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
  },
});
