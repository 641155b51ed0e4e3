/** Where each process listens, counted from `PORT_BASE`. */
export const PORT_OFFSETS = {
  gateway: 0,
  'schema-registry': 1,
  identity: 2,
  suppliers: 11,
  budgets: 12,
  approvals: 13,
  'purchase-orders': 14,
  invoices: 15,
  integration: 16,
  'erp-simulator': 20,
  postgres: 32,
} as const;

export type Listener = keyof typeof PORT_OFFSETS;
export const PORT_BASE = 4000;

/** The ports of one hub; two hubs with bases 100 apart run side by side. */
export function portsFrom(base: number): Readonly<Record<Listener, number>> {
  const entries = Object.entries(PORT_OFFSETS).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(entries) as Record<Listener, number>;
}
