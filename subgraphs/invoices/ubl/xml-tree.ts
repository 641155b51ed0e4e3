import { SaxesParser } from 'saxes';
import { refused } from '#kernel/problem.ts';
import type { SaxesTagNS } from 'saxes';
import type { Problem, Result } from '#kernel/problem.ts';

/** An element of the document with what we read of it: its own text, attributes without namespace, children in order. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export interface XmlMalformed extends Problem<'XML_MALFORMED'> {
  readonly line: number;
  readonly column: number;
}
export interface XmlNotUbl extends Problem<'XML_NOT_UBL'> {
  readonly rootName: string;
  readonly rootNamespace: string;
}
export interface XmlTooComplex extends Problem<'XML_TOO_COMPLEX'> {
  /** Which limit, such as `depth`. */
  readonly limit: string;
  readonly allowed: number;
}
export type XmlProblem = XmlMalformed | XmlNotUbl | XmlTooComplex | Problem<'XML_EXTERNAL_ENTITY'>;

/** The roots that are accepted: local name → namespace. */
export type AcceptedRoots = Readonly<Record<string, string>>;

/** UBL nests about a dozen deep; a document that nests deeper is built to exhaust a reader. */
export const DEPTH_MAX = 64;
/** Some ten thousand invoice lines; beyond that the document belongs into several. */
export const ELEMENTS_MAX = 300_000;
/** No field that we read needs more; attachments and notes are longer and are not kept. */
export const TEXT_MAX = 8_000;
/** Handed to the parser at once, so that a refusal in the first lines costs nothing for the rest. */
const CHUNK_CHARACTERS = 65_536;
/** Elements whose text or content no rule of ours reads: attachments, free notes, extensions. */
const NOT_KEPT = new Set(['EmbeddedDocumentBinaryObject', 'Note', 'Description', 'UBLExtensions']);

/** Reads well-formed XML with namespaces into a tree. A DOCTYPE is refused: with it goes every entity trick. */
export function readXml(text: string, roots: AcceptedRoots): Result<XmlElement, XmlProblem> {
  const reader = new TreeReader(roots);
  try {
    for (let start = 0; start < text.length; start += CHUNK_CHARACTERS) {
      reader.parser.write(text.slice(start, start + CHUNK_CHARACTERS));
    }
    reader.parser.close();
    return { ok: true, value: reader.root() };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.problem);
    throw error;
  }
}

/** Leaves the parser from within one of its callbacks. */
class Refusal extends Error {
  readonly problem: XmlProblem;
  constructor(problem: XmlProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

/** Holds the open elements while the parser streams. */
class TreeReader {
  readonly parser = new SaxesParser({ xmlns: true, position: true });
  readonly #roots: AcceptedRoots;
  readonly #open: OpenElement[] = [];
  #root: OpenElement | null = null;
  #elements = 0;
  /** Depth of the outermost open element that is not kept; 0 when all are. */
  #skippedAt = 0;

  constructor(roots: AcceptedRoots) {
    this.#roots = roots;
    this.parser.on('error', (error) => {
      throw this.#malformed(error.message);
    });
    this.parser.on('doctype', () => {
      throw new Refusal(externalEntity());
    });
    this.parser.on('opentag', (tag) => this.#opened(tag));
    this.parser.on('text', (text) => this.#said(text));
    this.parser.on('cdata', (text) => this.#said(text));
    this.parser.on('closetag', () => this.#closed());
  }

  root(): XmlElement {
    if (this.#root === null) throw this.#malformed('there is no element');
    return this.#root;
  }

  #opened(tag: SaxesTagNS): void {
    this.#elements += 1;
    if (this.#elements > ELEMENTS_MAX) throw new Refusal(tooComplex('elements', ELEMENTS_MAX));
    const element: OpenElement = {
      namespace: tag.uri,
      name: tag.local,
      attributes: Object.fromEntries(
        Object.values(tag.attributes)
          .filter((attribute) => attribute.uri === '')
          .map((attribute) => [attribute.local, attribute.value]),
      ),
      children: [],
      text: '',
    };
    if (this.#root === null) {
      if (this.#roots[tag.local] !== tag.uri) throw new Refusal(notUbl(tag.local, tag.uri));
      this.#root = element;
    }
    const parent = this.#open.at(-1);
    this.#open.push(element);
    if (this.#open.length > DEPTH_MAX) throw new Refusal(tooComplex('depth', DEPTH_MAX));
    if (this.#skippedAt > 0) return;
    if (NOT_KEPT.has(tag.local)) this.#skippedAt = this.#open.length;
    else parent?.children.push(element);
  }

  #said(text: string): void {
    const element = this.#open.at(-1);
    if (element === undefined || this.#skippedAt > 0) return;
    element.text += text;
    if (element.text.length > TEXT_MAX) {
      throw new Refusal(tooComplex(`characters in ${element.name}`, TEXT_MAX));
    }
  }

  #closed(): void {
    if (this.#skippedAt === this.#open.length) this.#skippedAt = 0;
    this.#open.pop();
  }

  #malformed(message: string): Refusal {
    const { line, column } = this.parser;
    const reason = message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
    return new Refusal(xmlMalformed(line, column, reason));
  }
}

/** The text is not XML; line and column (from 1 and 0) say where reading stopped. */
export function xmlMalformed(line: number, column: number, reason: string): XmlMalformed {
  return {
    code: 'XML_MALFORMED',
    message: `The document is not well-formed XML at line ${line}, column ${column}: ${reason}. Have the sender repair and send it again.`,
    retryable: false,
    line,
    column,
  };
}

function externalEntity(): Problem<'XML_EXTERNAL_ENTITY'> {
  return {
    code: 'XML_EXTERNAL_ENTITY',
    message:
      'The document has a DOCTYPE, which can define entities and is therefore refused unread. UBL needs none: have the sender leave it out.',
    retryable: false,
  };
}

function notUbl(rootName: string, rootNamespace: string): XmlNotUbl {
  return {
    code: 'XML_NOT_UBL',
    message: `A UBL 2.1 Invoice or CreditNote in its OASIS namespace is expected, not "${rootName.slice(0, 80)}" in namespace "${rootNamespace.slice(0, 160)}". Check the format of the file.`,
    retryable: false,
    rootName,
    rootNamespace,
  };
}

function tooComplex(limit: string, allowed: number): XmlTooComplex {
  return {
    code: 'XML_TOO_COMPLEX',
    message: `The document exceeds the limit of ${allowed} for ${limit}. Ask the sender to split the invoice.`,
    retryable: false,
    limit,
    allowed,
  };
}
