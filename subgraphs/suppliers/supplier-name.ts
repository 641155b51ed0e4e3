/** Words that say what kind of legal person a supplier is; at the end of a name they do not tell two suppliers apart. */
const LEGAL_FORMS = new Set(
  (
    'ab ag aps as asa bv bvba co company corp corporation doo ehf eurl gbr gmbh hf inc incorporated kft kg kgaa kk lda ' +
    'limited llc llp lp ltd mbh nv ohg oo oy oyj plc pte pty sa sarl sas se sl slu sp spa srl sro ug z zoo 株式会社'
  ).split(' '),
);

/** Letters that Unicode does not take apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  æ: 'ae',
  œ: 'oe',
};

/**
 * The name as duplicates are searched by: lower case, without diacritics, punctuation and trailing legal forms.
 * `Müller & Söhne GmbH & Co. KG` becomes `muller sohne`.
 */
export function normalizeName(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßøłđæœ]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[.'’]/g, '')
    .replace('株式会社', ' 株式会社 ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  const kept = words[0] === '株式会社' ? words.slice(1) : words;
  const end = kept.findLastIndex((word) => !LEGAL_FORMS.has(word)) + 1;
  return (end === 0 ? words : kept.slice(0, end)).join(' ');
}
