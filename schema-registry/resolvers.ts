import { forReaders } from './access/readable.ts';
import { accessResolvers } from './access/resolvers.ts';
import { appResolvers } from './app/resolvers.ts';
import { artifactResolvers } from './artifact/resolvers.ts';
import { contractResolvers } from './contract/resolvers.ts';
import { deprecationResolvers } from './deprecation/resolvers.ts';
import { eventContractResolvers } from './event-contract/resolvers.ts';
import { freezeWindowResolvers } from './freeze-window/resolvers.ts';
import { graphResolvers } from './graph/resolvers.ts';
import { historyResolvers } from './history/resolvers.ts';
import { overrideResolvers } from './override/resolvers.ts';
import { ownershipResolvers } from './ownership/resolvers.ts';
import { policyResolvers } from './policy/resolvers.ts';
import { proposalResolvers } from './proposal/resolvers.ts';
import { usageResolvers } from './usage/resolvers.ts';

const SLICES: readonly Readonly<Record<string, object>>[] = [
  graphResolvers,
  contractResolvers,
  deprecationResolvers,
  overrideResolvers,
  policyResolvers,
  proposalResolvers,
  ownershipResolvers,
  freezeWindowResolvers,
  usageResolvers,
  appResolvers,
  eventContractResolvers,
  accessResolvers,
  artifactResolvers,
  historyResolvers,
];

/** The resolvers of the whole registry: each noun brings its own, and types that several add to are joined by field. */
export const resolvers: Readonly<Record<string, object>> = joined(SLICES);

function joined(slices: typeof SLICES): Record<string, object> {
  const types: Record<string, object> = {};
  for (const slice of slices)
    for (const [type, fields] of Object.entries(slice)) types[type] = { ...types[type], ...fields };
  return { ...types, Target: forReaders({ ...types['Target'] }) };
}
