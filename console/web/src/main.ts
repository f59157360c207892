import { mount } from 'svelte';
import App from './App.svelte';
import './ui/app.css';
import { begin } from './lib/text.svelte';

await begin();
const target = document.getElementById('app');
if (target) mount(App, { target });
