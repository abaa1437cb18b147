import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { nameSpan } from '@paradesk/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS, type Limits } from '../limits.js';
import { readBytes } from '../operations/request-body.js';
import { problemOf } from '../problems/problem.js';
import { headersOfRefusal } from '../problems/rate-limit-headers.js';
import { AccessTokensService } from './access-tokens.service.js';

const FORM = /^application\/x-www-form-urlencoded *(;|$)/i;

/** The errors of RFC 6749, 5.2, for the reasons of ours that have one. */
const errorOf: Readonly<Record<string, string>> = {
  UNSUPPORTED_GRANT_TYPE: 'unsupported_grant_type',
  SCOPE_NOT_GRANTED: 'invalid_scope',
};

/** OAuth 2.0 for programs: the token endpoint, and what says where it is. */
@Controller()
export class AccessTokensController {
  constructor(
    private readonly accessTokens: AccessTokensService,
    @Inject(LIMITS) private readonly limits: Limits,
  ) {}

  @Post('oauth/token')
  async issue(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    nameSpan(request, '/oauth/token');
    void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    try {
      const { authorization } = request.headers;
      const answer = await this.accessTokens.issue({ authorization, body: await this.formOf(request) }, request.ip);
      send(reply, 200, answer);
    } catch (error) {
      refuse(request, reply, error);
    }
  }

  @Get('.well-known/oauth-authorization-server')
  metadata(@Res() reply: FastifyReply): void {
    send(reply, 200, this.accessTokens.metadata());
  }

  private async formOf(request: FastifyRequest): Promise<string> {
    if (!FORM.test(request.headers['content-type'] ?? '')) {
      throw new DomainError('invalid', 'INVALID_REQUEST', 'the body must be application/x-www-form-urlencoded');
    }
    return (await readBytes(request.raw, this.limits.bodyTimeoutMs)).toString('utf8');
  }
}

/** As OAuth's libraries expect it. What is no fault of the request is answered as everywhere. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  if (!(error instanceof DomainError) || !['invalid', 'unauthenticated', 'exhausted'].includes(error.kind)) throw error;
  request.raw.resume();
  const status = problemOf(error)?.status ?? 400;
  const code =
    error.kind === 'unauthenticated'
      ? 'invalid_client'
      : error.kind === 'exhausted'
        ? 'temporarily_unavailable'
        : (errorOf[error.reason] ?? 'invalid_request');
  if (status === 401) void reply.header('www-authenticate', 'Basic realm="paradesk"');
  void reply.headers(headersOfRefusal(error));
  send(reply, status, { error: code, error_description: error.message });
}

function send(reply: FastifyReply, status: number, body: unknown): void {
  void reply.status(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}
