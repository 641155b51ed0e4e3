import { blocks, pairs, table } from './table.ts';
import { harmless, oneLine } from './style.ts';
import type { ProposalPartsFragment } from '../generated.ts';
import type { Style } from './style.ts';

/** A proposal for people: where it stands, what it touches, what is missing and what was said. */
export function proposalText(style: Style, proposal: ProposalPartsFragment): string {
  const { revision } = proposal;
  const head = pairs(style, [
    ['proposal', `${proposal.number} ${proposal.title}`],
    ['state', proposal.state.toLowerCase().replace('_', ' ')],
    ['author', proposal.authorName],
    ['revision', `${revision.number}${revision.summary === '' ? '' : ` ${revision.summary}`}`],
    ['check', `${revision.passed ? 'passed' : 'failed'} ${revision.checkId}`],
    ...(proposal.closedReason === null ? [] : [['given up', proposal.closedReason] as const]),
    ...(proposal.implementedVersionId === null
      ? []
      : [['published as', proposal.implementedVersionId] as const]),
  ]);
  return blocks(
    head,
    harmless(proposal.description).trim(),
    touchedText(style, revision.touched),
    requirementsText(style, proposal.requirements),
    proposal.reviews.map(reviewLine).join('\n'),
    proposal.threads.map(threadText).join('\n'),
  );
}

function touchedText(style: Style, touched: ProposalPartsFragment['revision']['touched']): string {
  return table(style, {
    heads: ['touches', 'of', 'classified', 'change'],
    rows: touched.map(({ coordinate, subgraphs, classifications, changes }) => [
      coordinate,
      subgraphs.join(', '),
      classifications.join(', '),
      changes.map(({ severity, message }) => `${severity.toLowerCase()}: ${message}`).join('; '),
    ]),
    none: 'It touches nothing that clients see.',
  });
}

function requirementsText(
  style: Style,
  requirements: ProposalPartsFragment['requirements'],
): string {
  return table(style, {
    heads: ['sign-offs by', 'for', 'met', 'missing'],
    rows: requirements.map(({ team, subject, members, met, missing }) => [
      team ?? (members === null ? 'anybody who may review' : members.join(', ')),
      subject,
      met ? style.good('yes') : style.warn('no'),
      missing.map((part) => `${part.missing} of ${part.coordinate ?? 'the revision'}`).join(', '),
    ]),
    none: 'It needs no sign-off.',
  });
}

function reviewLine(review: ProposalPartsFragment['reviews'][number]): string {
  const what = review.coordinates.length === 0 ? 'all of it' : review.coordinates.join(', ');
  const verb = review.decision === 'SIGN_OFF' ? 'signed off' : 'asked to change';
  return oneLine(`${review.reviewerName} ${verb} ${what} (revision ${review.revision})`);
}

function threadText({
  id,
  coordinate,
  resolvedBy,
  comments,
}: ProposalPartsFragment['threads'][number]): string {
  const state = resolvedBy === null ? 'open' : 'settled';
  const lines = comments.map(({ authorName, body }) =>
    harmless(`  ${authorName}: ${body}`).replaceAll('\n', '\n    '),
  );
  return [oneLine(`Thread ${id} on ${coordinate ?? 'the proposal'} (${state})`), ...lines].join(
    '\n',
  );
}
