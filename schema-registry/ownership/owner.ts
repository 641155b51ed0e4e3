/** A team that answers for a part of a target's graph. */
export interface Owner {
  /** `subgraph:invoices`, `type:Invoice`, or `classification:bank` for whatever carries that tag. */
  readonly subject: string;
  readonly team: string;
  /** Ids of people as the identity provider gives them; any of them speaks for the team. */
  readonly members: readonly string[];
}

const SUBJECT =
  /^(subgraph:[a-z0-9][a-z0-9-]{0,39}|type:[_A-Za-z][_0-9A-Za-z]{0,254}|classification:[a-z0-9][a-z0-9-]{0,39})$/;

/** Can something be owned under this name? */
export function isOwnerSubject(text: string): boolean {
  return SUBJECT.test(text);
}

/**
 * Who answers for a coordinate as the subgraph defines it: the owner of its type, and the owner of the subgraph. Both are
 * asked, since a type is often spread over several subgraphs. Directives belong to their subgraph alone.
 */
export function ownersOfCoordinate<Known extends Owner>(
  owners: readonly Known[],
  coordinate: string,
  subgraph: string | null,
): Known[] {
  const type = typeOfCoordinate(coordinate);
  return owners.filter(
    ({ subject }) =>
      (type !== null && subject === `type:${type}`) ||
      (subgraph !== null && subject === `subgraph:${subgraph}`),
  );
}

/** `Invoice.total(in:)` → `Invoice`; null for a directive. */
function typeOfCoordinate(coordinate: string): string | null {
  return coordinate.startsWith('@') ? null : (coordinate.split(/[.(]/, 1)[0] ?? null);
}
