import { describe, expect, it } from '@jest/globals';
import {
  ACTIVITY_CODES,
  EXPENSE_CODES,
  isActivityCode,
  isExpenseCode,
  isTaskCode,
  TASK_CODES,
  TIMEKEEPER_CLASSIFICATIONS,
} from './utbms.js';

describe('the UTBMS code sets', () => {
  it('hold the 5 phases and 29 tasks, 11 activities and 24 expenses of the ABA, and 14 classifications', () => {
    const codes = [...TASK_CODES.keys()];
    expect(codes.filter((code) => code.endsWith('00'))).toHaveLength(5);
    expect(codes.filter((code) => !code.endsWith('00'))).toHaveLength(29);
    expect(ACTIVITY_CODES.size).toBe(11);
    expect(EXPENSE_CODES.size).toBe(24);
    expect(TIMEKEEPER_CLASSIFICATIONS.size).toBe(14);
  });

  it.each([
    { name: 'a task', of: isTaskCode, code: 'L110', is: true },
    { name: 'a phase', of: isTaskCode, code: 'L300', is: true },
    { name: 'a gap between tasks', of: isTaskCode, code: 'L170', is: false },
    { name: 'a task in lower case', of: isTaskCode, code: 'l110', is: false },
    { name: 'an activity', of: isActivityCode, code: 'A111', is: true },
    { name: 'an activity of which sources disagree', of: isActivityCode, code: 'A112', is: false },
    { name: 'the last expense', of: isExpenseCode, code: 'E124', is: true },
    { name: 'an expense beyond the last', of: isExpenseCode, code: 'E125', is: false },
    { name: 'an activity asked for as an expense', of: isExpenseCode, code: 'A101', is: false },
    { name: 'nothing', of: isTaskCode, code: '', is: false },
  ])('$name: $code', ({ of, code, is }) => {
    expect(of(code)).toBe(is);
  });
});
