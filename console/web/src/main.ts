import { mount } from 'svelte';
import App from './App.svelte';
import './ui/app.css';
import { begin } from './lib/text.svelte';

await begin();
const target = document.getElementById('app');
target?.replaceChildren(); // what was there for those who wait long
if (target) mount(App, { target });
