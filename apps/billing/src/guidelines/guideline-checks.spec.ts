import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { findingsOf, type CheckedEntry, type Neighbour } from './guideline-checks.js';
import { SHIPPED_GUIDELINES, type Finding, type Guideline, type Guidelines } from './guideline.js';

const day = (text: string) => Temporal.PlainDate.from(text);
const NARRATIVE = 'Draft interrogatories to defendant Meridian on damages';

function anEntry(given: Partial<CheckedEntry> = {}): CheckedEntry {
  return {
    id: 'e1',
    matterId: 'm1',
    personId: 'p1',
    workedOn: day('2026-03-02'),
    recordedOn: day('2026-03-02'),
    workedMinutes: 60,
    hoursE4: 10_000n,
    narrative: NARRATIVE,
    taskCode: 'L310',
    activityCode: 'A103',
    rateReason: '',
    billable: true,
    incrementMinutes: 6,
    ...given,
  };
}

const another = (given: Partial<Neighbour> = {}): Neighbour => ({
  ...anEntry(),
  id: 'e2',
  narrative: 'Index the exhibits of the third production',
  ...given,
});

let last: Finding[] = [];
function found(
  entry: Partial<CheckedEntry>,
  neighbours: Neighbour[] = [],
  guidelines: Partial<Guidelines> = {},
): Guideline[] {
  last = findingsOf(anEntry(entry), neighbours, { ...SHIPPED_GUIDELINES, ...guidelines });
  return last.map(({ guideline }) => guideline);
}

afterEach(() => {
  // A finding never carries the narrative, which is privileged, and names each guideline once.
  for (const { message } of last) expect(message).not.toMatch(/Meridian|interrogatories/);
  expect(new Set(last.map(({ guideline }) => guideline)).size).toBe(last.length);
});

describe('the guidelines', () => {
  it('find nothing in an entry as clients want it', () => {
    expect(found({}, [another()])).toEqual([]);
  });

  it.each<[Guideline, string, Partial<CheckedEntry>]>([
    [
      'block_billing',
      'three tasks in a row',
      { narrative: 'Draft motion to compel; review production of Bolt; telephone call with counsel' },
    ],
    [
      'block_billing',
      'three sentences',
      { narrative: 'Drafted the motion. Reviewed the production. Attended the deposition.' },
    ],
    ['vague_narrative', 'attention to file', { narrative: 'Attention to file' }],
    ['vague_narrative', 'conference', { narrative: 'conference.' }],
    ['vague_narrative', 'review documents', { narrative: 'Review documents' }],
    ['vague_narrative', 'three words', { narrative: 'Draft the motion' }],
    ['clerical_work', 'e-filing', { narrative: 'E-file motion to compel with the clerk' }],
    ['clerical_work', 'scheduling', { narrative: 'Scheduling of the deposition of Dr. Ames' }],
    ['clerical_work', 'scanning', { narrative: 'Scan the medical records of plaintiff' }],
    ['late_entry', 'a day too late', { workedOn: day('2026-01-30'), recordedOn: day('2026-03-02') }],
    ['rate_not_agreed', 'an override', { rateReason: 'Agreed by telephone' }],
    ['code_missing', 'no task', { taskCode: '' }],
    ['code_missing', 'no activity', { activityCode: '' }],
    ['internal_conference', 'by its code', { activityCode: 'A105' }],
    ['internal_conference', 'by its words', { narrative: 'Team meeting on discovery schedule of Bolt' }],
    ['increment_not_honoured', 'a twentieth of an hour', { hoursE4: 500n }],
    ['narrative_too_long', 'one character', { narrative: `Draft ${'interrogatories '.repeat(70)}`.slice(0, 1024) }],
  ])('find %s: %s', (guideline, _name, entry) => {
    expect(found(entry)).toContain(guideline);
  });

  it.each<[Guideline, string, Partial<CheckedEntry>, Neighbour[]]>([
    ['block_billing', 'two parts of one task', { narrative: 'Draft and revise motion to compel; cite exhibits' }, []],
    [
      'clerical_work',
      'time that is not billed',
      { narrative: 'E-file motion to compel with the clerk', billable: false },
      [],
    ],
    ['late_entry', 'the last day', { workedOn: day('2026-01-31'), recordedOn: day('2026-03-02') }, []],
    ['duplicate', 'the same text on another matter', {}, [another({ narrative: NARRATIVE, matterId: 'm2' })]],
    ['duplicate', 'the entry itself', {}, [another({ narrative: NARRATIVE, id: 'e1' })]],
    ['day_too_long', 'twelve hours exactly', {}, [another({ hoursE4: 110_000n })]],
    ['chipping', 'two small entries', { workedMinutes: 6 }, [another({ workedMinutes: 6 })]],
    ['code_missing', 'time that is not billed', { taskCode: '', billable: false }, []],
    ['increment_not_honoured', 'a quarter at a quarter', { hoursE4: 2_500n, incrementMinutes: 15 }, []],
    [
      'narrative_too_long',
      'as much as fits',
      { narrative: `Draft ${'interrogatories '.repeat(70)}`.slice(0, 1023) },
      [],
    ],
  ])('do not find %s in %s', (guideline, _name, entry, neighbours) => {
    expect(found(entry, neighbours)).not.toContain(guideline);
  });

  it('compare with the other entries of the day', () => {
    expect(found({}, [another({ narrative: `${NARRATIVE}, cont.` })])).toContain('duplicate');
    expect(found({}, [another({ hoursE4: 110_001n, matterId: 'm2' })])).toContain('day_too_long');
    const small = [another({ workedMinutes: 6, id: 'a' }), another({ workedMinutes: 5, id: 'b' })];
    expect(found({ workedMinutes: 6 }, small)).toContain('chipping');
  });

  it("are the client's: approved timekeepers, codes, limits and severities", () => {
    expect(found({}, [], { approvedPersonIds: ['p2'] })).toEqual(['timekeeper_not_approved']);
    expect(found({}, [], { approvedPersonIds: ['p1'] })).toEqual([]);
    expect(found({}, [], { allowedTaskCodes: ['L120'] })).toEqual(['code_not_allowed']);
    expect(found({ hoursE4: 90_000n }, [], { maxHoursPerDay: 8 })).toEqual(['day_too_long']);
    const severities = {
      ...SHIPPED_GUIDELINES.severities,
      vague_narrative: 'off' as const,
      code_missing: 'block' as const,
    };
    expect(found({ narrative: 'conference', taskCode: '' }, [], { severities })).toEqual(['code_missing']);
    expect(last[0]?.severity).toBe('block');
  });

  it('take any text in reasonable time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 4000, unit: 'grapheme' }), (narrative) => {
        expect(Array.isArray(found({ narrative }, [another({ narrative })]))).toBe(true);
        last = [];
      }),
      { numRuns: 200 },
    );
  });
});
