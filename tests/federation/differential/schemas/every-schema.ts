import { ABSTRACT_SCHEMAS } from './abstract-types.ts';
import { ARGUMENT_SCHEMAS } from './arguments.ts';
import { COMBINED_SCHEMAS } from './combinations.ts';
import { ENTITY_SCHEMAS } from './entities.ts';
import { FAULT_SCHEMAS } from './faults.ts';
import { FEDERATION_1_SCHEMAS } from './federation-1.ts';
import { INACCESSIBLE_SCHEMAS } from './inaccessible.ts';
import { INTERFACE_OBJECT_SCHEMAS } from './interface-objects.ts';
import { KEY_SCHEMAS } from './keys.ts';
import { MUTATION_SCHEMAS } from './mutations.ts';
import { NULL_SCHEMAS } from './nulls.ts';
import { OWNERSHIP_SCHEMAS } from './ownership.ts';
import { PROVIDES_SCHEMAS } from './provides.ts';
import { REQUIRES_SCHEMAS } from './requires.ts';
import type { FederatedSchema } from '../federated-schema.ts';

export const EVERY_SCHEMA: readonly FederatedSchema[] = [
  ...KEY_SCHEMAS,
  ...ENTITY_SCHEMAS,
  ...REQUIRES_SCHEMAS,
  ...PROVIDES_SCHEMAS,
  ...ABSTRACT_SCHEMAS,
  ...INTERFACE_OBJECT_SCHEMAS,
  ...OWNERSHIP_SCHEMAS,
  ...INACCESSIBLE_SCHEMAS,
  ...ARGUMENT_SCHEMAS,
  ...MUTATION_SCHEMAS,
  ...NULL_SCHEMAS,
  ...FAULT_SCHEMAS,
  ...FEDERATION_1_SCHEMAS,
  ...COMBINED_SCHEMAS,
];
