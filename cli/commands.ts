import { ACCESS_COMMANDS } from './commands/access.ts';
import { CLIENT_COMMANDS } from './commands/client.ts';
import { CONTRACT_COMMANDS } from './commands/contract.ts';
import { DEPRECATION_COMMANDS } from './commands/deprecation.ts';
import { EVENT_COMMANDS } from './commands/event.ts';
import { HISTORY_COMMANDS } from './commands/history.ts';
import { OVERRIDE_COMMANDS } from './commands/override.ts';
import { POLICY_COMMANDS } from './commands/policy.ts';
import { PROPOSAL_COMMANDS } from './commands/proposal.ts';
import { SCHEMA_CHECK_COMMANDS } from './commands/schema-check.ts';
import { SCHEMA_PUBLICATION_COMMANDS } from './commands/schema-publication.ts';
import { SCHEMA_VERSION_COMMANDS } from './commands/schema-version.ts';
import { TARGET_COMMANDS } from './commands/target.ts';
import { TOOL_COMMANDS } from './commands/tool.ts';
import type { Command } from './command.ts';

/** Everything that can be asked for, in the order in which the help lists it. */
export const COMMANDS: readonly Command[] = [
  ...SCHEMA_CHECK_COMMANDS,
  ...SCHEMA_PUBLICATION_COMMANDS,
  ...SCHEMA_VERSION_COMMANDS,
  ...CONTRACT_COMMANDS,
  ...DEPRECATION_COMMANDS,
  ...OVERRIDE_COMMANDS,
  ...EVENT_COMMANDS,
  ...PROPOSAL_COMMANDS,
  ...CLIENT_COMMANDS,
  ...HISTORY_COMMANDS,
  ...TARGET_COMMANDS,
  ...POLICY_COMMANDS,
  ...ACCESS_COMMANDS,
  ...TOOL_COMMANDS,
];
