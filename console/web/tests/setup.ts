// Before all tests: builds the program that plays the other ends of lines.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { binaries, repository } from './daemon';

export default function setup(): void {
  execFileSync('go', ['build', '-o', `${repository}/.cache/web/peer`, './e2e/peer'], { cwd: repository, stdio: 'inherit' });
  if (!existsSync(`${binaries}/vaad`)) throw new Error(`${binaries}/vaad is not built: make build, or set VAAD_BIN`);
}
