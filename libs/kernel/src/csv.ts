/**
 * A line of CSV (RFC 4180) with its end. Cells that a spreadsheet would take for a formula begin with an apostrophe; a number is none.
 */
export function csvLine(cells: readonly string[]): string {
  return cells.map(quoted).join(',') + '\r\n';
}

function quoted(cell: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell);
  return `"${(isFormula ? `'${cell}` : cell).replaceAll('"', '""')}"`;
}
