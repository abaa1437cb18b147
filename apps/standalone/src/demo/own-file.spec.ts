import { describe, expect, it } from '@jest/globals';
import { readLedes1998b } from '@paradesk/billing';
import { readFileSync } from 'node:fs';
import { directoryOf } from './file-directory.js';

const { file, findings } = readLedes1998b(readFileSync(new URL('./september.ledes.txt', import.meta.url)), {
  fileName: 'september.ledes.txt',
});

describe("the demo's own file", () => {
  it('has nothing that a vendor would refuse or remark on', () => {
    expect(findings).toEqual([]);
  });

  it('is a month of three clients and five matters', () => {
    const { clientCodes, matters, timekeepers } = directoryOf(file!);
    expect(clientCodes).toHaveLength(3);
    expect(matters).toHaveLength(5);
    expect(timekeepers.map(({ classification }) => classification)).toContain('PARALG');
    expect(file!.invoices).toHaveLength(4);
  });

  it.each([
    { name: 'fees at the hourly rate', found: (line: Line) => line.type === 'F' && line.adjustmentE4 === 0n },
    { name: 'a fee reduced on its line', found: (line: Line) => line.type === 'F' && line.adjustmentE4 < 0n },
    { name: 'a fee raised on its line', found: (line: Line) => line.type === 'F' && line.adjustmentE4 > 0n },
    { name: 'expenses', found: (line: Line) => line.type === 'E' },
    { name: 'a flat fee', found: (line: Line) => line.type === 'IF' && line.totalE4 > 0n },
    { name: 'a discount on the fees of an invoice', found: (line: Line) => line.type === 'IF' && line.totalE4 < 0n },
    {
      name: 'a discount on the expenses of an invoice',
      found: (line: Line) => line.type === 'IE' && line.totalE4 < 0n,
    },
  ])('has $name', ({ found }) => {
    expect(file!.invoices.flatMap((invoice) => invoice.lines).some(found)).toBe(true);
  });
});

type Line = NonNullable<typeof file>['invoices'][number]['lines'][number];
