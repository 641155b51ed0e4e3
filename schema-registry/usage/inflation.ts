import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { isRecord } from '#kernel/json.ts';
import { accepted, refused } from '#kernel/problem.ts';
import type { Problem, Result } from '#kernel/problem.ts';

const DECODERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

export type InflationProblem = Problem<
  'UNSUPPORTED_ENCODING' | 'REPORT_TOO_LARGE' | 'MALFORMED_ENCODING'
>;

/**
 * A request's body as it was before it was compressed. Inflation stops at `limitBytes`, so that a small body that would become
 * a huge one costs no more than that.
 */
export async function inflated(
  body: Buffer,
  encoding: string | undefined,
  limitBytes: number,
): Promise<Result<Buffer, InflationProblem>> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') return accepted(body);
  if (!(name in DECODERS)) {
    return refused({
      code: 'UNSUPPORTED_ENCODING',
      message: `The content encoding "${name.slice(0, 40)}" is not understood; use gzip, deflate or br, or none.`,
      retryable: false,
    });
  }
  try {
    const decode = DECODERS[name as keyof typeof DECODERS];
    return accepted(await decode(body, { maxOutputLength: limitBytes }));
  } catch (error) {
    const tooLarge = isRecord(error) && error['code'] === 'ERR_BUFFER_TOO_LARGE';
    return refused({
      code: tooLarge ? 'REPORT_TOO_LARGE' : 'MALFORMED_ENCODING',
      message: tooLarge
        ? `The report is larger than ${limitBytes} bytes when it is inflated; nothing was stored. Send it in parts.`
        : `The body is not ${name}; nothing was stored.`,
      retryable: false,
    });
  }
}
