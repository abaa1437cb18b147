import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Logger } from '@paradesk/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceId } from '@paradesk/platform';
import { headersOfRefusal } from './rate-limit-headers.js';
import { internalProblem, problemOf } from './problem.js';

const RETRY_AFTER_SECONDS = '2';

/** Answers every error as application/problem+json; only what is no refusal is logged, and leaves without its text. */
@Catch()
export class ProblemsFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOf(error) ?? internalProblem();
    if (problem.status === 500) this.logger.error({ err: error, method: request.method }, 'a request failed');
    // What is left of the body is let through, or the connection could not carry another request.
    request.raw.resume();
    if (reply.sent) return;
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="paradesk"');
    if (problem.status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    if (error instanceof DomainError) void reply.headers(headersOfRefusal(error));
    if (problem.status === 408) void reply.header('connection', 'close');
    if (error instanceof DomainError && error.metadata.allow) void reply.header('allow', error.metadata.allow);
    const id = traceId();
    const body = JSON.stringify(id ? { ...problem, traceId: id } : problem);
    void reply.status(problem.status).type('application/problem+json; charset=utf-8').send(body);
  }
}
