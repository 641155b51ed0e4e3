import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Everything that must be green, cheapest first; tests last, so that their summary closes the output. */
const STEPS: readonly { name: string; command: string; args: readonly string[] }[] = [
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'generated types', command: 'graphql-codegen', args: ['--config', 'codegen.yml'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware'] },
  { name: 'types', command: 'tsc', args: ['--noEmit', '--project', '.'] },
  { name: 'unused code', command: 'knip', args: [] },
  { name: 'tests', command: process.execPath, args: ['hub/bootstrap.mjs', '--jest'] },
];

const ROOT = fileURLToPath(new URL('../', import.meta.url));

for (const step of STEPS) {
  process.stdout.write(`\n${step.name}\n`);
  const command = step.command.includes('/') ? step.command : `node_modules/.bin/${step.command}`;
  const child = spawn(command, step.args, { cwd: ROOT, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    process.stderr.write(
      `\nThe step "${step.name}" failed; "npm run fix" repairs format and simple findings.\n`,
    );
    process.exit(code ?? 1);
  }
}
