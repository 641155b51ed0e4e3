import { standardBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import type { WebhookTarget } from './webhook-sender.ts';

export type Configuration = {
  readonly port: number;
  readonly host: string;
  readonly stateFile: string;
  readonly apiKey: string;
  readonly webhookTarget: WebhookTarget | undefined;
  readonly parentPid: number | undefined;
  /** The behaviour at the start and after a reset. */
  readonly behaviour: Behaviour;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment; all faults are reported together. */
export function parseConfiguration(
  environment: Environment,
):
  | { kind: 'parsed'; configuration: Configuration }
  | { kind: 'faulty'; faults: readonly string[] } {
  const faults: string[] = [];
  const text = (name: string): string => {
    const value = environment[name] ?? '';
    if (value === '') faults.push(`${name}: expected a value, got none.`);
    return value;
  };
  const whole = (name: string, fallback: number): number => {
    const value = Number(environment[name] || fallback);
    if (!Number.isSafeInteger(value) || value < 0) {
      faults.push(`${name}: expected a whole number of 0 or more, got ${environment[name]}.`);
    }
    return value;
  };
  const configuration: Configuration = {
    port: whole('PORT', 4020),
    host: environment['HOST'] || '127.0.0.1',
    stateFile: text('ERP_STATE_FILE'),
    apiKey: text('ERP_API_KEY'),
    webhookTarget: webhookTarget(environment, faults),
    parentPid: environment['ERP_PARENT_PID'] ? whole('ERP_PARENT_PID', 0) : undefined,
    behaviour: {
      ...standardBehaviour,
      confirmDelayMs: whole('CONFIRM_DELAY_MS', standardBehaviour.confirmDelayMs),
      paymentDelayMs: whole('PAYMENT_DELAY_MS', standardBehaviour.paymentDelayMs),
      autoPay: environment['AUTO_PAY'] !== 'false',
    },
  };
  return faults.length > 0 ? { kind: 'faulty', faults } : { kind: 'parsed', configuration };
}

/** No URL, no webhooks; a URL needs its secret. */
function webhookTarget(environment: Environment, faults: string[]): WebhookTarget | undefined {
  const url = environment['ERP_WEBHOOK_URL'] ?? '';
  const secret = environment['ERP_WEBHOOK_SECRET'] ?? '';
  if (url === '') return undefined;
  if (!URL.canParse(url)) faults.push(`ERP_WEBHOOK_URL: expected a URL, got ${url}.`);
  if (!/^whsec_[A-Za-z0-9+/]{24,}={0,2}$/.test(secret)) {
    faults.push('ERP_WEBHOOK_SECRET: expected whsec_ and at least 24 base64 characters.');
  }
  return { url, secret };
}
