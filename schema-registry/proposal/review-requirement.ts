import { ownersOfCoordinate } from '../ownership/owner.ts';
import type { Owner } from '../ownership/owner.ts';
import type { TouchedCoordinate } from './touched-coordinate.ts';

/** Sign-offs that a revision needs before it may be published. */
export interface ReviewRequirement {
  /** By policy from anybody who may review, from an owner, or from those who answer for a classification. */
  readonly kind: 'MINIMUM' | 'OWNER' | 'CLASSIFICATION';
  /** `subgraph:invoices`, `type:Invoice`, `classification:bank`; null for the minimum. */
  readonly subject: string | null;
  /** Null for the minimum, and for a classification that nobody answers for yet: that one cannot be met. */
  readonly team: string | null;
  /** Who may give them; null for anybody who may review. */
  readonly members: readonly string[] | null;
  /** What must be signed off; when there are none, the revision as a whole. */
  readonly coordinates: readonly string[];
  /** By how many different people, each coordinate. */
  readonly signOffs: number;
}

/** What the requirements of a revision follow from. */
export interface RequirementFacts {
  readonly touched: readonly TouchedCoordinate[];
  /** The subgraphs that it changes or takes out. */
  readonly subgraphs: readonly string[];
  readonly owners: readonly Owner[];
  /** The policy's minimum; never less than one, because nobody signs off what is their own. */
  readonly signOffs: number;
}

/** Everything that has to be signed off, by whom. Owners count towards the minimum. */
export function requirementsOf(facts: RequirementFacts): ReviewRequirement[] {
  const minimum: ReviewRequirement = {
    kind: 'MINIMUM',
    subject: null,
    team: null,
    members: null,
    coordinates: facts.touched.map(({ coordinate }) => coordinate),
    signOffs: Math.max(1, facts.signOffs),
  };
  return [minimum, ...ownerRequirements(facts), ...classificationRequirements(facts)];
}

function ownerRequirements({ touched, subgraphs, owners }: RequirementFacts): ReviewRequirement[] {
  return owners.flatMap((owner) => {
    const coordinates = touched
      .filter((touch) =>
        touch.subgraphs.some((subgraph) =>
          ownersOfCoordinate([owner], touch.coordinate, subgraph).includes(owner),
        ),
      )
      .map(({ coordinate }) => coordinate);
    const ownsSubgraph = subgraphs.some((subgraph) => owner.subject === `subgraph:${subgraph}`);
    if (coordinates.length === 0 && !ownsSubgraph) return [];
    return [{ ...requiredOf(owner), kind: 'OWNER', coordinates }];
  });
}

function classificationRequirements({ touched, owners }: RequirementFacts): ReviewRequirement[] {
  const tags = new Set(touched.flatMap(({ classifications }) => classifications));
  return [...tags].sort().map((tag) => {
    const subject = `classification:${tag}`;
    const owner = owners.find((known) => known.subject === subject);
    const coordinates = touched
      .filter(({ classifications }) => classifications.includes(tag))
      .map(({ coordinate }) => coordinate);
    return {
      ...requiredOf(owner ?? { subject, team: null, members: [] }),
      kind: 'CLASSIFICATION',
      coordinates,
    };
  });
}

function requiredOf(
  owner: Pick<ReviewRequirement, 'subject' | 'team' | 'members'>,
): Pick<ReviewRequirement, 'subject' | 'team' | 'members' | 'signOffs'> {
  return { subject: owner.subject, team: owner.team, members: owner.members, signOffs: 1 };
}
