import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { DomainError } from '@paradesk/kernel';
import { createLogger, type Logger, nestLogger } from './logger.js';
import { startTelemetry } from './otel.js';

startTelemetry({ serviceName: 'test' });

function logging(level = 'debug'): { logger: Logger; lines: Record<string, unknown>[]; text: () => string } {
  const lines: Record<string, unknown>[] = [];
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { logger: createLogger({ service: 'billing', level, destination }), lines, text: () => text };
}

describe('the logger', () => {
  it('writes one JSON object a line, with service, level, time and fields', () => {
    const { logger, lines } = logging();
    logger.info({ invoice: 7 }, 'an invoice was issued');
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', service: 'billing', invoice: 7, msg: 'an invoice was issued' }),
    ]);
    expect(Number.isNaN(Date.parse(String(lines[0]!.time)))).toBe(false);
  });

  it('gives a line inside a span its trace id, and one outside none', () => {
    const { logger, lines } = logging();
    const ids = trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.info({}, 'inside');
      span.end();
      return span.spanContext();
    });
    logger.info({}, 'outside');
    expect(lines[0]).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId });
    expect(ids.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(lines[1]).not.toHaveProperty('trace_id');
  });

  const secrets: [string, object][] = [
    ['a field', { password: 'canary' }],
    ['a header', { headers: { authorization: 'Bearer canary' } }],
    ['a field two levels down', { request: { body: { apiKey: 'canary' } } }],
    ['a setting', { config: { SERVICE_SECRET: 'canary', DATABASE_URL: 'postgres://a:canary@b/c' } }],
  ];
  it.each(secrets)('blanks a secret in %s', (_name, fields) => {
    const { logger, text } = logging();
    logger.info(fields, 'a message');
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain('canary');
  });

  const driver = Object.assign(new Error('invalid input syntax: "canary"\n    at canary (Smith v. Doe)'), {
    code: '22P02',
    query: 'insert canary',
    parameters: ['canary'],
    detail: 'Key (name)=(canary)',
  });
  const failures: [string, unknown, object][] = [
    ['of the database', driver, { code: '22P02' }],
    ['of a library that quotes its input', new SyntaxError('Unexpected token c in "canary"'), { type: 'SyntaxError' }],
    [
      'that is a refusal',
      new DomainError('refused', 'MATTER_CLOSED', 'canary'),
      { type: 'DomainError', reason: 'MATTER_CLOSED' },
    ],
    [
      'caused by another',
      new Error('canary', { cause: driver }),
      { cause: expect.objectContaining({ code: '22P02' }) },
    ],
    ['that is no error', 'canary', { type: 'string' }],
  ];
  it.each(failures)('describes a failure %s without its text', (_name, err, expected) => {
    const { logger, lines, text } = logging();
    logger.error({ err }, 'it failed');
    expect(lines[0]!.err).toMatchObject(expected);
    expect(text()).not.toContain('canary');
  });

  it('keeps what the engine says about a mistake in our code, and where it is', () => {
    const { logger, lines } = logging();
    logger.error({ err: new TypeError('x is not a function') }, 'it failed');
    expect(lines[0]!.err).toMatchObject({
      type: 'TypeError',
      message: 'x is not a function',
      stack: expect.stringContaining('logger.spec'),
    });
  });

  it('turns what Nest tells into our lines', () => {
    const { logger, lines } = logging();
    nestLogger(logger).log('Nest application started');
    nestLogger(logger).error(new Error('canary'));
    expect(lines.map((line) => line.level)).toEqual(['debug', 'error']);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  it('is silent below its level', () => {
    const { logger, lines } = logging('warn');
    logger.info({}, 'not said');
    expect(lines).toEqual([]);
  });
});
