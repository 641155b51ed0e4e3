import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import { FORMATS } from './command.ts';
import { EXIT_MEANINGS } from './exit-code.ts';
import type { Argument, CallValues, Command, Format, Option } from './command.ts';
import type { ConfigurationFlags } from './configuration.ts';

/** A call as the command line has it. */
export interface Call {
  readonly command: Command;
  readonly values: CallValues;
  readonly options: Readonly<Record<string, unknown>>;
  readonly flags: ConfigurationFlags;
  readonly format: Format;
  readonly output: string | null;
  readonly isQuiet: boolean;
  readonly wantsColour: boolean;
}

export interface ProgramOptions {
  readonly commands: readonly Command[];
  readonly version: string;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** What a group is for, by its words. */
export const GROUPS: Readonly<Record<string, string>> = {
  schema: 'Check, publish and read the schemas of subgraphs',
  contract: 'Define the tag-filtered schemas of a graph',
  deprecation: 'See what is on its way out',
  'deprecation overrides': 'Permit single breaking changes, two people each',
  event: 'Check and publish the schemas of events',
  proposal: 'Propose changes and review them',
  client: 'See who uses what, and pin clients',
  history: 'Read and verify what was decided',
  target: 'Govern targets: policies, owners, tokens and keys',
  'target policy': 'See and change what a target asks of every change',
  'target freeze': 'Announce times in which nothing is published',
  'target owners': 'Say which team answers for what',
  'target tokens': 'Make and revoke tokens',
  'target keys': 'See and rotate the keys that artefacts are signed with',
};

/** What every command takes beside its own options. */
export const COMMON_OPTIONS: readonly Option[] = [
  { flags: '--registry <url>', about: 'address of the registry (CONCORD_REGISTRY)' },
  {
    flags: '--graph <graph@target>',
    about: 'graph and target, such as finance@production (CONCORD_GRAPH)',
  },
  { flags: '--token-file <file>', about: 'file with the token, instead of CONCORD_TOKEN' },
  {
    flags: '--config <file>',
    about: 'configuration file, instead of the nearest concord.config.json',
  },
  { flags: '--timeout <seconds>', about: 'how long the command may take' },
  { flags: '--output <file>', about: 'write the data into a file' },
  { flags: '--quiet', about: 'tell nothing of the progress' },
  { flags: '--no-color', about: 'no colours' },
];

/** The command tree. `onCall` is told what was called; what cannot be read throws a `CommanderError`. */
export function buildProgram(options: ProgramOptions, onCall: (call: Call) => void): Commander {
  const program = new Commander('concord')
    .description('Checks, publishes and governs the schemas of federated graphs.')
    .version(options.version, '--version', 'print the version')
    .addHelpText(
      'after',
      `\n${exitTable()}\n\nThe token is read from CONCORD_TOKEN or --token-file.`,
    );
  configure(program, options);
  const nodes = new Map<string, Commander>([['', program]]);
  for (const command of options.commands) addCommand(command, { nodes, options, onCall });
  return program;
}

function configure(node: Commander, { writeOut, writeError }: ProgramOptions): Commander {
  return node
    .exitOverride()
    .configureOutput({ writeOut, writeErr: writeError })
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showHelpAfterError('(add --help for how it is called)')
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false });
}

interface Building {
  readonly nodes: Map<string, Commander>;
  readonly options: ProgramOptions;
  readonly onCall: (call: Call) => void;
}

function addCommand(command: Command, building: Building): void {
  const words = command.path.split(' ');
  const group = groupOf(words.slice(0, -1).join(' '), building);
  const node = configure(group.command(words.at(-1) ?? ''), building.options)
    .description(command.summary)
    .allowExcessArguments(false);
  for (const alias of command.aliases ?? []) node.alias(alias);
  for (const { name, about } of command.arguments ?? []) node.argument(name, about);
  for (const option of command.options ?? []) node.addOption(commanderOption(option));
  node.addOption(formatOption(command));
  node.optionsGroup('Everywhere:');
  for (const option of COMMON_OPTIONS)
    node.addOption(commanderOption(option).helpGroup('Everywhere:'));
  node.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((line) => `  concord ${line}`).join('\n')}`,
  );
  node.action((...received: unknown[]) => {
    const values = received.slice(0, command.arguments?.length ?? 0);
    building.onCall(callOf(command, values, node.opts()));
  });
}

/** The group with these words, made together with those above it when it is not there. */
function groupOf(path: string, building: Building): Commander {
  const known = building.nodes.get(path);
  if (known !== undefined) return known;
  const words = path.split(' ');
  const parent = groupOf(words.slice(0, -1).join(' '), building);
  const group = configure(parent.command(words.at(-1) ?? ''), building.options).description(
    GROUPS[path] ?? '',
  );
  building.nodes.set(path, group);
  return group;
}

function commanderOption({ flags, about, many, required, choices }: Option): CommanderOption {
  const option = new CommanderOption(flags, about);
  if (required === true) option.makeOptionMandatory();
  if (choices !== undefined) option.choices(choices);
  if (many === true)
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function formatOption(command: Command): CommanderOption {
  const formats = command.reports === true ? FORMATS : FORMATS.slice(0, 2);
  return new CommanderOption('--format <format>', 'how to answer').choices(formats).default('text');
}

function callOf(
  command: Command,
  values: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
): Call {
  const text = (name: string): string | null => {
    const value = options[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    command,
    values: Object.fromEntries(
      (command.arguments ?? []).map((argument, index) => [
        plainName(argument),
        valueOf(values[index]),
      ]),
    ),
    options: Object.fromEntries(
      Object.entries(options).map(([name, value]) => [kebab(name), value]),
    ),
    flags: {
      registry: text('registry'),
      graph: text('graph'),
      tokenFile: text('tokenFile'),
      config: text('config'),
      timeout: text('timeout'),
    },
    format: FORMATS.find((format) => format === options['format']) ?? 'text',
    output: text('output'),
    isQuiet: options['quiet'] === true,
    wantsColour: options['color'] !== false,
  };
}

function plainName({ name }: Argument): string {
  return name.replace(/[<>[\].]/g, '');
}

function valueOf(value: unknown): CallValues[string] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? value : undefined;
}

/** commander hands out `dryRun` for `--dry-run`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function exitTable(): string {
  const rows = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['Exit codes:', ...rows].join('\n');
}

/** Did commander end only because it has shown what was asked for? */
export function isShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}
