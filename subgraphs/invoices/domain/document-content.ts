import { sha256 } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { xmlMalformed } from '../ubl/xml-tree.ts';
import type { InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { XmlMalformed } from '../ubl/xml-tree.ts';

/** The largest real e-invoice with attachments that we know of is 3.3 MB; a larger one carries something else than an invoice. */
export const DOCUMENT_LIMIT_BYTES = 5 * 1024 * 1024;

export interface DocumentTooLarge extends Problem<'DOCUMENT_TOO_LARGE'> {
  readonly sizeBytes: number;
  readonly limitBytes: number;
}

/** A received file: its text, and what identifies its bytes. */
export interface DocumentContent {
  readonly text: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Reads a file that came as text or as base64; exactly one of the two is expected. */
export function readContent(content: {
  readonly text: string | null;
  readonly base64: string | null;
}): Result<DocumentContent, DocumentTooLarge | InvalidInput | XmlMalformed> {
  if ((content.text === null) === (content.base64 === null)) {
    return refused(
      invalidInput([
        {
          field: 'content',
          code: 'ONE_OF',
          message: 'Exactly one of "content" and "contentBase64" is expected.',
        },
      ]),
    );
  }
  // Looked at before anything is copied: base64 is a third longer than what it holds.
  const expectedBytes =
    content.base64 === null
      ? Buffer.byteLength(content.text ?? '')
      : Math.floor((content.base64.length * 3) / 4);
  if (expectedBytes > DOCUMENT_LIMIT_BYTES + 2) return refused(documentTooLarge(expectedBytes));
  const bytes =
    content.base64 === null ? Buffer.from(content.text ?? '') : decodeBase64(content.base64);
  if (bytes === null)
    return refused(
      invalidInput([
        {
          field: 'contentBase64',
          code: 'NOT_BASE64',
          message: 'Base64 (RFC 4648, section 4) is expected.',
        },
      ]),
    );
  if (bytes.length > DOCUMENT_LIMIT_BYTES) return refused(documentTooLarge(bytes.length));
  const text = content.text ?? decodeText(bytes);
  if (text === null)
    return refused(
      xmlMalformed(
        1,
        0,
        'its bytes are not in the encoding that it declares, or in one that is not accepted',
      ),
    );
  return accepted({
    text: text.replace(/^\uFEFF/, ''),
    sha256: sha256(bytes),
    sizeBytes: bytes.length,
  });
}

function decodeBase64(text: string): Buffer | null {
  const bare = text.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(bare) && bare.length % 4 === 0
    ? Buffer.from(bare, 'base64')
    : null;
}

const ACCEPTED_ENCODINGS = new Set([
  'utf-8',
  'utf-16',
  'utf-16le',
  'utf-16be',
  'iso-8859-1',
  'iso-8859-15',
  'windows-1252',
  'us-ascii',
]);

function decodeText(bytes: Buffer): string | null {
  const encoding = encodingOf(bytes);
  if (!ACCEPTED_ENCODINGS.has(encoding)) return null;
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The byte order mark decides, then the XML declaration, then XML's default. */
function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const declaration = /^\s*<\?xml[^>]*encoding=["']([\w-]{1,20})["']/.exec(
    bytes.subarray(0, 200).toString('latin1'),
  );
  return declaration?.[1]?.toLowerCase() ?? 'utf-8';
}

function documentTooLarge(sizeBytes: number): DocumentTooLarge {
  return {
    code: 'DOCUMENT_TOO_LARGE',
    message: `The document has ${sizeBytes} bytes, and at most ${DOCUMENT_LIMIT_BYTES} are taken. Ask the supplier to send it without large attachments.`,
    retryable: false,
    sizeBytes,
    limitBytes: DOCUMENT_LIMIT_BYTES,
  };
}
