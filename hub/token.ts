// Prints an access token of the running hub for one login: npm run -s token -- <login> [--expires-in <seconds>]
import { parseArgs } from 'node:util';

const PORT_BASE_DEFAULT = 4_000;
const IDENTITY_OFFSET = 2;
const TIMEOUT_MS = 5_000;

process.exitCode = await main(process.argv.slice(2));

/** Standard output gets the token and nothing else, so that a shell can use it; all advice goes to standard error. */
async function main(words: readonly string[]): Promise<number> {
  const portBase = Number(process.env['PORT_BASE'] ?? PORT_BASE_DEFAULT);
  const base = `http://127.0.0.1:${portBase + IDENTITY_OFFSET}`;
  const request = readWords(words);
  try {
    if (request === null || request.login === undefined) {
      return refuse(
        `usage: npm run -s token -- <login> [--expires-in <seconds>]\n${await loginList(base)}`,
      );
    }
    const { login, expiresInSeconds } = request;
    const response = await fetch(`${base}/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, expiresInSeconds }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.json();
    if (response.ok) return print(textOf(answer, 'accessToken'));
    const code = textOf(answer, 'code');
    return refuse(
      code === 'LOGIN_UNKNOWN'
        ? `There is no login "${login}".\n${await loginList(base)}`
        : textOf(answer, 'message'),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(
      `No identity provider answers at ${base} (${reason}). Start the hub with "npm start"; with other ports, set PORT_BASE as there.`,
    );
  }
}

function readWords(
  words: readonly string[],
): { login: string | undefined; expiresInSeconds?: number } | null {
  try {
    const { positionals, values } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { 'expires-in': { type: 'string' } },
    });
    if (positionals.length > 1) return null;
    const expiry = values['expires-in'];
    const login = positionals[0];
    // What is no number goes to the provider as 0, which answers with the range.
    return expiry === undefined
      ? { login }
      : { login, expiresInSeconds: /^\d+$/.test(expiry) ? Number(expiry) : 0 };
  } catch {
    return null;
  }
}

async function loginList(base: string): Promise<string> {
  const response = await fetch(`${base}/dev/people`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const answer: unknown = await response.json();
  const people: readonly unknown[] =
    typeof answer === 'object' &&
    answer !== null &&
    'people' in answer &&
    Array.isArray(answer.people)
      ? answer.people
      : [];
  return `The logins are:\n${people.map((person) => `  ${textOf(person, 'login').padEnd(24)} ${textOf(person, 'name')}`).join('\n')}`;
}

function textOf(value: unknown, field: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const found: unknown = Object.entries(value).find(([name]) => name === field)?.[1];
  return typeof found === 'string' ? found : '';
}

function print(token: string): number {
  process.stdout.write(`${token}\n`);
  return 0;
}

function refuse(advice: string): number {
  process.stderr.write(`${advice}\n`);
  return 1;
}
