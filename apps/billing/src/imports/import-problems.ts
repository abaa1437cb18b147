import { DomainError, type FieldViolation } from '@paradesk/kernel';

// A refusal travels in the trailer of a call, which is small; whoever mends a hundred lines will come back anyway.
const MAX_NAMED = 100;

/** What is wrong with a file, gathered over all of its lines before it is refused as a whole. */
export class ImportProblems {
  private readonly found: { readonly line: number; readonly violation: FieldViolation }[] = [];

  /**
   * @param line line of the file, from 1; 0 for the file as a whole
   * @param column name of the column; empty for the whole line
   * @param rule which rule was broken: V06, or the reason of a refusal
   */
  add(line: number, column: string, rule: string, message: string): void {
    const field = line === 0 ? `file ${column}` : `line ${line} ${column}`;
    this.found.push({ line, violation: { field: field.trim(), description: `${rule}: ${message}` } });
  }

  /** @throws DomainError invalid with this reason, naming the first hundred problems in the order of the lines */
  refuseIfAny(reason: string): void {
    if (this.found.length === 0) return;
    const named = this.found.sort((one, other) => one.line - other.line).slice(0, MAX_NAMED);
    const more = this.found.length - named.length;
    const message = `the file is refused as a whole for ${this.found.length} problems${more > 0 ? `, ${more} more than are named` : ''}`;
    throw new DomainError(
      'invalid',
      reason,
      message,
      named.map(({ violation }) => violation),
    );
  }
}
