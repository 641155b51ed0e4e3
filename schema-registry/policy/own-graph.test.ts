import { expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { readSubgraphSdl } from '#kernel/subgraph.ts';
import { schemaFiles } from '../registry.ts';
import { lintSubgraph } from './lint.ts';
import { defaultSeverities } from './rules.ts';

/** `id` is all that a revocation takes, and pipelines send it so. */
const KNOWN = ['input-name Mutation.revokeToken(id:)'];

it("the registry's own API keeps the rules of production", async () => {
  const findings = lintSubgraph({
    subgraph: 'schema-registry',
    document: parse(await readSubgraphSdl(...schemaFiles())),
    changedCoordinates: null,
    policy: { rules: defaultSeverities('production') },
    owners: { subgraph: 'registry', types: {} },
  });
  expect(findings.map(({ code, coordinate }) => `${code} ${coordinate}`)).toEqual(KNOWN);
});
