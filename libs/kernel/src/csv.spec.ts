import { expect, it } from '@jest/globals';
import { csvLine } from './csv.js';

it.each([
  [['a', 'b "c"', 'd, e\nf'], '"a","b ""c""","d, e\nf"\r\n'],
  [['=1+1', '+1', '@x', '-a', '\tb'], `"'=1+1","'+1","'@x","'-a","'\tb"\r\n`],
  [['-12.50', '0', '-3'], '"-12.50","0","-3"\r\n'],
  [[''], '""\r\n'],
])('%j is one line that no spreadsheet computes', (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
