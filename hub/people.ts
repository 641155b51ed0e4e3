/** One login of the development identity provider. The password is the login. */
export interface Person {
  /** The user id, the login name and the token's `sub`, all the same. */
  readonly login: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Company codes; `*` stands for all. */
  readonly companies: readonly string[];
  /** Cost centre ids such as `DE01-4100`; `*` stands for all of the companies. */
  readonly costCentres: readonly string[];
}

/** A program that speaks to the graph in its own name (client credentials). */
export interface ServiceClient {
  readonly kind: 'service';
  readonly clientId: string;
  readonly name: string;
  /** Known to everybody: the provider that accepts it refuses to start in production. */
  readonly developmentSecret: string;
  readonly roles: readonly string[];
  readonly companies: readonly string[];
  readonly costCentres: readonly string[];
}

/** A program in which people sign in (authorization code with PKCE, rotating refresh tokens); it keeps no secret. */
export interface PublicClient {
  readonly kind: 'public';
  readonly clientId: string;
  readonly name: string;
  /** Where a sign-in or sign-out may return to, as paths below the gateway's origin. */
  readonly redirectPaths: readonly string[];
}

export type Client = ServiceClient | PublicClient;

const EVERY_COMPANY = ['DE01', 'US01', 'PL01', 'JP01'];
const ALL = ['*'];

/** The demo's people, one per role of the house, and a second one wherever two must differ. */
export const PEOPLE: readonly Person[] = [
  {
    login: 'requestor',
    name: 'Rike Vogel',
    roles: ['requestor'],
    companies: ['DE01'],
    costCentres: ['DE01-4100'],
  },
  {
    login: 'requestor-us',
    name: 'Riley Brooks',
    roles: ['requestor'],
    companies: ['US01'],
    costCentres: ['US01-2100'],
  },
  {
    login: 'approver',
    name: 'Anton Becker',
    roles: ['approver'],
    companies: EVERY_COMPANY,
    costCentres: ALL,
  },
  {
    login: 'second-approver',
    name: 'Sofia Nowak',
    roles: ['approver'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'buyer',
    name: 'Bruno Keller',
    roles: ['buyer'],
    companies: EVERY_COMPANY,
    costCentres: ALL,
  },
  {
    login: 'receiver',
    name: 'Renata Kowalska',
    roles: ['receiver'],
    companies: EVERY_COMPANY,
    costCentres: ALL,
  },
  {
    login: 'ap-clerk',
    name: 'Clara Schmidt',
    roles: ['ap-clerk'],
    companies: EVERY_COMPANY,
    costCentres: ALL,
  },
  {
    login: 'finance-operations',
    name: 'Femi Adeyemi',
    roles: ['finance-operations'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'controller',
    name: 'Carla Ruiz',
    roles: ['controller'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'architect',
    name: 'Aiko Tanaka',
    roles: ['architect'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'second-architect',
    name: 'Amara Okafor',
    roles: ['architect'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'app-developer',
    name: 'Devi Raman',
    roles: ['app-developer'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'auditor',
    name: 'Aurel Lindqvist',
    roles: ['auditor'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'supplier-steward',
    name: 'Stella Marino',
    roles: ['supplier-steward'],
    companies: ALL,
    costCentres: ALL,
  },
  {
    login: 'second-supplier-steward',
    name: 'Stefan Dvorak',
    roles: ['supplier-steward'],
    companies: ALL,
    costCentres: ALL,
  },
];

/** The demo's programs. */
export const CLIENTS: readonly Client[] = [
  {
    kind: 'public',
    clientId: 'portal',
    name: 'Requestor portal and console',
    redirectPaths: ['/signed-in', '/callback', '/'],
  },
  service('finance-app', 'Internal finance application', 'finance-reader'),
  service('erp-gateway', 'ERP gateway', 'erp'),
  service('registry-publisher', 'Schema publisher of the build pipeline', 'schema-publisher'),
];

function service(clientId: string, name: string, role: string): ServiceClient {
  const developmentSecret = `${clientId}-development-secret`;
  return {
    kind: 'service',
    clientId,
    name,
    developmentSecret,
    roles: [role],
    companies: ALL,
    costCentres: ALL,
  };
}
