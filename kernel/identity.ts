/** Who is asking: parsed from a verified token once, at the border. */
export interface Viewer {
  /** The person's or service's id (`sub`). */
  readonly id: string;
  readonly name: string;
  readonly kind: 'person' | 'service';
  readonly roles: readonly string[];
  /** Company codes, or `*` for all. */
  readonly companies: readonly string[];
  /** Cost centre ids, or `*` for all of the companies. */
  readonly costCentres: readonly string[];
  /** OAuth scopes of the token, which `@requiresScopes` in the contract looks at; subgraphs decide by roles. */
  readonly scopes?: readonly string[];
  /** The contract that the token is for: its bearer sees that part of the graph and no other. */
  readonly contract?: string;
}

/** Everything one may be allowed to do: `<noun>:<verb>`. */
export type Permission =
  | 'supplier:read'
  | 'supplier:write'
  | 'supplier:block'
  | 'bank:read'
  | 'bank:propose'
  | 'bank:approve'
  | 'budget:read'
  | 'budget:write'
  | 'funds:check'
  | 'funds:reserve'
  | 'approval:read'
  | 'approval:decide'
  | 'approval:delegate'
  | 'approval-policy:write'
  | 'requisition:read'
  | 'requisition:write'
  | 'order:read'
  | 'order:write'
  | 'receipt:read'
  | 'receipt:write'
  | 'invoice:read'
  | 'invoice:write'
  | 'hold:release'
  | 'hold:release-payment'
  | 'payment:read'
  | 'exception:read'
  | 'exception:work'
  | 'thread:read'
  | RegistryAction
  | 'introspect';

/** What may be done in the schema registry; people have these by role, tokens one by one and within a scope. */
export type RegistryAction = (typeof REGISTRY_ACTIONS)[number];

export const REGISTRY_ACTIONS = [
  'schema:read',
  'schema:check',
  'schema:publish',
  'schema:delete',
  'schema:promote',
  'schema:propose',
  'schema:review',
  'schema:govern',
  'event:publish',
  'app:publish',
  'artifact:read',
  'usage:report',
] as const;

const READ_DOCUMENTS: readonly Permission[] = [
  'supplier:read',
  'budget:read',
  'approval:read',
  'requisition:read',
  'order:read',
  'receipt:read',
  'invoice:read',
  'payment:read',
  'thread:read',
];

/** Role → permissions. A role grants what its row says and nothing else. */
export const ROLE_PERMISSIONS: Readonly<Record<string, readonly Permission[]>> = {
  requestor: [
    'supplier:read',
    'budget:read',
    'funds:check',
    'approval:read',
    'requisition:read',
    'requisition:write',
    'order:read',
    'receipt:read',
    'invoice:read',
    'payment:read',
    'thread:read',
  ],
  approver: [...READ_DOCUMENTS, 'approval:decide', 'approval:delegate'],
  buyer: [...READ_DOCUMENTS, 'order:write', 'requisition:write', 'funds:check'],
  receiver: [
    'supplier:read',
    'order:read',
    'receipt:read',
    'receipt:write',
    'requisition:read',
    'thread:read',
  ],
  'ap-clerk': [...READ_DOCUMENTS, 'invoice:write', 'hold:release'],
  'finance-operations': [
    ...READ_DOCUMENTS,
    'exception:read',
    'exception:work',
    'hold:release',
    'hold:release-payment',
    'budget:write',
    'approval-policy:write',
    'bank:read',
  ],
  controller: [...READ_DOCUMENTS, 'budget:write', 'approval-policy:write'],
  architect: ['introspect', ...REGISTRY_ACTIONS],
  'app-developer': ['introspect', 'schema:read', 'schema:check', 'schema:propose'],
  auditor: [...READ_DOCUMENTS, 'exception:read', 'schema:read', 'introspect'],
  'supplier-steward': [
    'supplier:read',
    'supplier:write',
    'supplier:block',
    'bank:read',
    'bank:propose',
    'bank:approve',
  ],
  'finance-reader': READ_DOCUMENTS,
  erp: ['order:read', 'invoice:read', 'receipt:read', 'payment:read'],
  'schema-publisher': [
    'schema:read',
    'schema:check',
    'schema:publish',
    'event:publish',
    'app:publish',
  ],
  // Service identities of our own rooms; they come only from internal tokens, never from outside.
  'purchase-orders-service': ['funds:check', 'funds:reserve', 'supplier:read', 'budget:read'],
  'invoices-service': ['supplier:read', 'order:read', 'receipt:read'],
  'integration-service': [...READ_DOCUMENTS, 'bank:read'],
  'demo-seeder': [
    ...READ_DOCUMENTS,
    'budget:write',
    'funds:reserve',
    'supplier:write',
    'supplier:block',
    'approval-policy:write',
  ],
};

/** Where a document belongs; a viewer's permission holds only inside its companies and cost centres. */
export interface Place {
  readonly companyCode: string;
  readonly costCentreId?: string | null;
  /** Whoever owns the document may read it whatever its cost centre. */
  readonly ownerId?: string | null;
}

/** Everything the viewer's roles grant. */
export function permissionsOf(viewer: Viewer): readonly Permission[] {
  return viewer.roles.flatMap((role) => ROLE_PERMISSIONS[role] ?? []);
}

/** May the viewer do this, and, where a place is given, do it there? */
export function may(viewer: Viewer, permission: Permission, place?: Place): boolean {
  const granted = viewer.roles.some(
    (role) => ROLE_PERMISSIONS[role]?.includes(permission) === true,
  );
  return granted && (place === undefined || within(readScope(viewer), place));
}

/** What a viewer may see, in the form that the SQL function `visible` and `within` take. */
export interface ReadScope {
  readonly viewerId: string;
  readonly companies: readonly string[];
  readonly costCentres: readonly string[];
}

export function readScope(viewer: Viewer): ReadScope {
  return { viewerId: viewer.id, companies: viewer.companies, costCentres: viewer.costCentres };
}

/** The rule of the SQL function `visible`, for things that are not rows (events, representations). */
export function within(scope: ReadScope, place: Place): boolean {
  // What belongs to every company, as suppliers do, is not hidden by company.
  if (place.companyCode !== '*' && !includes(scope.companies, place.companyCode)) return false;
  if (place.costCentreId === undefined || place.costCentreId === null) return true;
  return includes(scope.costCentres, place.costCentreId) || place.ownerId === scope.viewerId;
}

function includes(granted: readonly string[], value: string): boolean {
  return granted.includes('*') || granted.includes(value);
}
