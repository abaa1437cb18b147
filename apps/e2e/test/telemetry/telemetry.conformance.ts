import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { canariesIn, canary } from './canaries.js';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
import {
  billWithCanaries,
  CALLER,
  parkedReasons,
  provokeFault,
  provokePoison,
  provokeRefusals,
  type DrivenSystem,
} from './privileged-case.js';
import { metricFaults, readSchema, schemaFaults, spanFaults } from './telemetry-schema.js';

const SERVICES = ['identity', 'assignment', 'billing', 'documents', 'communications'];

/** A system that can be ended. */
export interface StoppableSystem extends DrivenSystem {
  stop(): Promise<void>;
}

/**
 * What a running system tells of itself: one trace for one cause, what the schema lists and nothing else, and nothing privileged.
 *
 * @param processes how many processes report
 * @param start runs the system with these settings
 */
export function describeTelemetry(
  name: string,
  { processes, start }: { processes: number; start: (env: Record<string, string>) => Promise<StoppableSystem> },
): void {
  describe(name, () => {
    const schema = readSchema();
    let receiver: OtlpReceiver;
    let system: StoppableSystem | undefined;
    let metrics: string[] = [];
    const reasons: string[] = [];
    let refusals: number[] = [];
    let fault: number | undefined;
    let mails = '';
    let said = '';

    beforeAll(async () => {
      receiver = await OtlpReceiver.start();
      system = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_LEVEL: 'trace' });
      const clientId = await billWithCanaries(system);
      refusals = await provokeRefusals(system, clientId);
      fault = await provokeFault(system);
      await provokePoison(system, clientId);
      metrics = await Promise.all(opsUrls(system.output).map(async (url) => (await fetch(`${url}/metrics`)).text()));
      for (const service of SERVICES) reasons.push(...(await parkedReasons(system, service)));
      mails = await (await fetch(`${system.file.mail}/mails.json`)).text();
      await system.stop();
      said = system.output;
      system = undefined;
    }, 240_000);

    afterAll(async () => {
      await system?.stop();
      await receiver.stop();
    });

    it('has a schema that explains all that it lists', () => {
      expect(schemaFaults(schema)).toEqual([]);
    });

    it('emits the metrics of the schema and no others', () => {
      expect(metrics.length).toBeGreaterThanOrEqual(processes);
      expect(metricFaults(schema, metrics)).toEqual([]);
    });

    it('emits the spans of the schema and no others', () => {
      expect(spanFaults(schema, receiver.spans)).toEqual([]);
    });

    it.each([
      [
        'a metric that is not listed',
        { metrics: schema.metrics.slice(1) },
        'http_server_request_duration is not in the schema',
      ],
      [
        'one that is not emitted',
        { metrics: [...schema.metrics, { ...schema.metrics[0]!, name: 'a.b' }] },
        'a.b was not seen',
      ],
      [
        'a wrong unit',
        { metrics: [{ ...schema.metrics[0]!, unit: 'ms' }] },
        'http.server.request.duration has the unit s',
      ],
      [
        'a wrong type',
        { metrics: [{ ...schema.metrics[0]!, type: 'gauge' as const }] },
        'http.server.request.duration is a histogram',
      ],
      [
        'an attribute that is not listed',
        { metrics: [{ ...schema.metrics[0]!, attributes: [] }] },
        'http.server.request.duration was seen with url_scheme',
      ],
      [
        'a span that is not listed',
        { spans: schema.spans.slice(1) },
        'SERVER GET /v1/clients is in the schema not at all',
      ],
      [
        'one that is not emitted',
        { spans: [{ ...schema.spans[0]!, pattern: 'x', name: 'x' }] },
        'SERVER x was not seen',
      ],
    ])('would notice %s', (_name, changed, fault) => {
      const other = { ...schema, ...changed };
      expect([...metricFaults(other, metrics), ...spanFaults(other, receiver.spans)]).toContain(fault);
    });

    it('carries one trace from the REST call to the mail, each span within its cause', () => {
      const ofCaller = receiver.spans.filter(({ traceId }) => traceId === CALLER.traceId);
      const byId = new Map(ofCaller.map((span) => [span.spanId, span]));
      const [mail, another] = ofCaller.filter((span) => span.name === 'send mail');
      expect(another).toBeUndefined();
      const path: string[] = [];
      for (let span: ReceivedSpan | undefined = mail; span; span = byId.get(span.parentSpanId))
        path.unshift(`${span.kind} ${span.name}`);
      expect(path).toEqual([
        'SERVER POST /v1/invoices/{invoiceId}:issue',
        'CLIENT paradesk.billing.v1.InvoicesService/IssueInvoice',
        'SERVER paradesk.billing.v1.InvoicesService/IssueInvoice',
        'CONSUMER job file-invoice',
        'PRODUCER send paradesk.billing.invoices',
        'CONSUMER process paradesk.billing.invoices',
        'CONSUMER job deliver-message',
        'CLIENT send mail',
      ]);
      const roots = ofCaller.filter(({ parentSpanId }) => !byId.has(parentSpanId));
      expect(roots.map(({ parentSpanId }) => parentSpanId)).toEqual([CALLER.spanId]);
      expect(new Set(ofCaller.map((span) => span.process)).size).toBe(Math.min(processes, 5));
    });

    it('says which side is at fault', () => {
      const calls = receiver.spans.filter(({ name: spanName }) => spanName.endsWith('/CreateClient'));
      const errorsOf = (kind: string) =>
        new Set(
          calls.filter((span) => span.kind === kind && span.isError).map((span) => span.attributes['error.type']),
        );
      expect([...errorsOf('SERVER')]).toEqual(['INTERNAL']);
      expect([...errorsOf('CLIENT')].sort()).toEqual(['ABORTED', 'INTERNAL', 'INVALID_ARGUMENT', 'PERMISSION_DENIED']);
    });

    it('shows the failed attempt in the same trace', () => {
      const attempts = receiver.spans.filter(
        ({ name: spanName, traceId }) => spanName === 'job deliver-message' && traceId === CALLER.traceId,
      );
      const failed = attempts.filter(({ isError }) => isError);
      expect(failed.map(({ attributes }) => attributes['error.type'])).toContain('NO_BILLING_CONTACT');
      expect(attempts.length).toBeGreaterThan(failed.length);
    });

    it('gives log lines of the case its trace id', () => {
      const failure = linesOf(said).find(({ reason }) => reason === 'NO_BILLING_CONTACT');
      expect(failure).toMatchObject({ trace_id: CALLER.traceId });
    });

    it('met canaries and refused requests, a fault, poison and failing jobs on the way', () => {
      expect(mails).toContain(canary('Contact'));
      for (const status of refusals) expect([400, 401, 403, 404, 409, 415, 422]).toContain(status);
      expect(fault).toBe(500);
      expect(linesOf(said).filter(({ level }) => level === 'error').length).toBeGreaterThan(0);
      expect(reasons).toEqual(expect.arrayContaining(['22021', 'UNDECODABLE', 'GAP']));
      expect(linesOf(said).some(({ level }) => level === 'debug')).toBe(true);
      expect(canariesIn(`x${canary('Found').toLowerCase()}y`)).toHaveLength(1);
    });

    it.each([
      ['log lines', () => said],
      ['spans', () => receiver.bodies.map((body) => body.toString('latin1')).join('\n')],
      ['metrics', () => metrics.join('\n')],
      ['reasons of parked events and failed jobs', () => reasons.join('\n')],
      [
        'topics',
        () =>
          Object.values(topics)
            .map((topic) => topic.name)
            .join('\n'),
      ],
    ])('lets no privileged text out in %s', (_name, text) => {
      expect(text()).not.toBe('');
      expect(canariesIn(text())).toEqual([]);
    });
  });
}

/** Where the processes serve their metrics, as they say when they serve. */
function opsUrls(output: string): string[] {
  return linesOf(output).flatMap(({ msg, ops }) => (msg === 'serving' && ops ? [ops] : []));
}

function linesOf(output: string): Record<string, string>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, string>);
}
