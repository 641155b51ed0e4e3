/** What carries the bus, by name. */
export interface BusCarrier {
  readonly name: string;
  readonly redisUrl: string | null;
}

/** Redis joins where it is there (TEST_REDIS_URL), as CI starts it; the same promises hold for both. */
export function busCarriers(): readonly BusCarrier[] {
  const redisUrl = process.env['TEST_REDIS_URL'];
  if (process.env['CI'] === 'true' && redisUrl === undefined) {
    throw new Error(
      'TEST_REDIS_URL is missing: with CI=true the bus must be tested over Redis, too.',
    );
  }
  const alone = { name: 'PostgreSQL alone', redisUrl: null };
  return redisUrl === undefined ? [alone] : [alone, { name: 'Redis Streams', redisUrl }];
}
