import { PEOPLE } from './people.ts';
import type { Listener } from './ports.ts';

/** What a person reads when everything runs: addresses, logins, three things to try, and the line `ready`. */
export function welcome(
  urls: Readonly<Record<Listener, string>>,
  portBase: number,
  target: string,
): string {
  const graph = `http://localhost:${portBase}/graphql`;
  const registry = `http://localhost:${portBase + 1}/graphql`;
  const shift = portBase === 4000 ? '' : `PORT_BASE=${portBase} `;
  const width = Math.max(...PEOPLE.map((person) => person.login.length));
  const logins = PEOPLE.map(
    (person) =>
      `  ${person.login.padEnd(width)}  ${person.name}, ${person.roles.join(', ')}; companies ${person.companies.join(' ')}`,
  );
  return [
    '',
    'Graph         ' + graph + '  (HTTP and WebSocket)',
    'Registry      ' + registry,
    `Identity      http://localhost:${portBase + 2}`,
    `ERP simulator ${urls['erp-simulator']}`,
    '',
    'Logins (the password is the login):',
    ...logins,
    '',
    'Three things to try in another terminal:',
    `1. TOKEN=$(${shift}npm run -s token -- requestor)`,
    `   curl -s ${graph} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\`,
    `     -d '{"query":"{ requisitions(first: 3) { nodes { number status total { amount currency } supplier { legalName } approval { status } } } }"}'`,
    '2. The same with an exception worker, to see what went wrong in the ERP:',
    `   curl -s ${graph} -H "authorization: Bearer $(${shift}npm run -s token -- finance-operations)" -H 'content-type: application/json' \\`,
    `     -d '{"query":"{ exceptions(first: 10) { nodes { number kind code message suggestedAction } } }"}'`,
    '3. docs/recipes/requisition-to-payment.md walks one requisition to its payment, with a subscription open.',
    '',
    'The registry knows who uses what: who would miss the payment status of an invoice?',
    `   curl -s ${registry} -H "authorization: Bearer $(${shift}npm run -s token -- architect)" -H 'content-type: application/json' \\`,
    `     -d '{"query":"{ fieldUsage(target: { graph: \\"finance\\", target: \\"${target}\\" }, coordinates: [\\"Invoice.paymentStatus\\"]) { coordinate requests clients { name version requests lastSeenAt } } }"}'`,
    '',
    `ready ${graph}`,
  ].join('\n');
}
