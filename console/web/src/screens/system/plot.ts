// The drawing of charts: a chunk of its own, fetched with the first chart.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, when } from '../../lib/format';
import { figure } from './figures';

/** Draws a band from least to greatest and the mean into a box. */
export function draw(box: HTMLElement, data: uPlot.AlignedData, range: [number, number], unit: string): uPlot {
  const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const accent = color('--accent');
  const span = range[1] - range[0];
  const axis = { stroke: color('--dim'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  return new uPlot(
    {
      width: box.clientWidth,
      height: 150,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 8, 0, 0],
      scales: { x: { time: true, min: range[0], max: range[1] }, y: { range: (_u, min, max) => [Math.min(0, min), max <= 0 && min >= 0 ? 1 : max * 1.05] } },
      series: [{}, { stroke: 'transparent', points: { show: false } }, { stroke: accent, width: 1.5, points: { show: data[0].length < 3 } }, { stroke: 'transparent', points: { show: false } }],
      bands: [{ series: [3, 1], fill: accent + '33' }],
      axes: [
        { ...axis, space: 70, values: (_u, all) => all.map((x) => (span > 2 * 86400 ? when(x * 1000).slice(5, 10) : clock(x * 1000).slice(0, 5))) },
        { ...axis, size: 72, values: (_u, all) => all.map((v) => figure(v, unit)) },
      ],
    },
    data,
    box,
  );
}
