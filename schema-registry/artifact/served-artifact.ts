import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { sha256 } from '#kernel/id.ts';
import {
  SIGNATURE_HEADER,
  signArtifact,
  TARGET_HEADER,
  VERSION_HEADER,
} from '#kernel/signature.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpReply } from '#kernel/http.ts';
import type { ArtifactStatement, SigningKey } from '#kernel/signature.ts';

const gzip = promisify(gzipWithCallback);

/** Smaller bodies fit into a network packet as they are. */
const GZIP_FROM_BYTES = 1_400;
/** Versions never change, so whoever has one need never ask again. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** May be kept, and must be asked for before every use. */
const REVALIDATE = 'no-cache';

/** An artefact as it is sent, made once: bytes, packed bytes and what its signature states. */
export interface ServedArtifact {
  readonly statement: ArtifactStatement;
  readonly body: Buffer;
  /** Null where packing is not worth it. */
  readonly packed: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The signature of the key that signed last. */
  signed: { readonly kid: string; readonly signature: string } | null;
}

export async function prepareArtifact(artifact: {
  readonly text: string;
  readonly kind: string;
  readonly targetId: string;
  readonly versionId: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<ServedArtifact> {
  const { kind, targetId, versionId, contentType } = artifact;
  const body = Buffer.from(artifact.text);
  return {
    statement: { kind, targetId, versionId, sha256: sha256(body) },
    body,
    packed: body.length < GZIP_FROM_BYTES ? null : await gzip(body),
    headers: {
      'content-type': contentType,
      vary: 'accept-encoding',
      [TARGET_HEADER]: targetId,
      [VERSION_HEADER]: versionId,
      ...artifact.headers,
    },
    signed: null,
  };
}

export function bytesOf({ body, packed }: ServedArtifact): number {
  return body.length + (packed?.length ?? 0);
}

/** Signs once per key and artefact, whatever number of requests there are. */
function signatureOf(artifact: ServedArtifact, key: SigningKey): string {
  if (artifact.signed?.kid !== key.kid)
    artifact.signed = { kid: key.kid, signature: signArtifact(key, artifact.statement) };
  return artifact.signed.signature;
}

/** The answer to a request for this artefact: 304 to whoever has it, else the body, packed where that is understood. */
export function replyWith(
  artifact: ServedArtifact,
  request: { readonly headers: IncomingHttpHeaders },
  { key, isImmutable }: { readonly key: SigningKey; readonly isImmutable: boolean },
): HttpReply {
  const isPacked = artifact.packed !== null && acceptsGzip(request.headers);
  const hash = artifact.statement.sha256;
  const headers = {
    ...artifact.headers,
    // Packed bytes are another representation, and need another strong tag.
    etag: isPacked ? `"${hash}-gzip"` : `"${hash}"`,
    'cache-control': isImmutable ? IMMUTABLE : REVALIDATE,
    [SIGNATURE_HEADER]: signatureOf(artifact, key),
  };
  if (hasIt(request.headers['if-none-match'], hash)) return { status: 304, headers, body: '' };
  const body = isPacked && artifact.packed !== null ? artifact.packed : artifact.body;
  return {
    status: 200,
    headers: {
      ...headers,
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
      'content-length': String(body.length),
    },
    body,
  };
}

function hasIt(ifNoneMatch: string | undefined, hash: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === `"${hash}"`) return true;
  return ifNoneMatch.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '');
    return bare === '*' || bare === `"${hash}"` || bare === `"${hash}-gzip"`;
  });
}

function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const accepted = headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accepted);
}
