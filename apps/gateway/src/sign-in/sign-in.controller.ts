import { fromBinary, toJson } from '@bufbuild/protobuf';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { registry } from '@paradesk/contracts';
import { CurrentSession } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { DomainError } from '@paradesk/kernel';
import { nameSpan } from '@paradesk/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BrowserCookies } from './browser-cookies.js';
import type { PendingSignIn } from './pending-sign-ins.js';
import { requireSameOrigin } from './same-origin.js';
import { SignInService } from './sign-in.service.js';
import { SignInSettings } from './sign-in-settings.js';
import { tenantsPage } from './tenants-page.js';

/** Signing in and out of browsers. */
@Controller('auth')
export class SignInController {
  constructor(
    private readonly settings: SignInSettings,
    private readonly cookies: BrowserCookies,
    private readonly signIn: SignInService,
  ) {}

  @Get('sign-in')
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    open(request, reply, '/auth/sign-in');
    const { location, sealed } = await this.signIn.begin({
      returnTo: parameter(request, 'return_to'),
      invitation: parameter(request, 'invitation'),
      tenantId: parameter(request, 'tenant_id'),
    });
    this.cookies.keepPending(reply, sealed);
    void reply.redirect(location, 303);
  }

  @Get('callback')
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    open(request, reply, '/auth/callback');
    const pending = await this.signIn.pending(this.cookies.pending(request));
    // Whatever comes of it, this sign-in is over.
    this.cookies.clearPending(reply);
    const [, query = ''] = /\?(.*)$/.exec(request.raw.url ?? '') ?? [];
    const userAgent = (request.headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 300);
    try {
      const callback = { query, userAgent, callerAddress: request.ip, session: this.cookies.session(request) };
      const { secret, seconds } = await this.signIn.finish(pending, callback);
      this.cookies.keepSession(reply, secret, seconds);
      void reply.redirect(pending.returnTo, 303);
    } catch (error) {
      if (!(error instanceof DomainError && error.reason === 'CHOOSE_TENANT')) throw error;
      chooseTenant(reply, error, pending);
    }
  }

  @Post('sign-out')
  async end(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    open(request, reply, '/auth/sign-out');
    this.settings.required();
    requireSameOrigin(request.method, request.headers, this.settings.origin);
    request.raw.resume();
    const session = this.cookies.session(request);
    if (session) await this.signIn.close(session, request.ip);
    this.cookies.clearSession(reply);
    void reply.status(204).send();
  }

  @Get('session')
  async current(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    open(request, reply, '/auth/session');
    const current = await this.signIn.current(this.cookies.session(request), request.ip);
    void reply.type('application/json; charset=utf-8').send(toText(current));
  }
}

function open(request: FastifyRequest, reply: FastifyReply, route: string): void {
  nameSpan(request, route);
  void reply.header('cache-control', 'no-store');
}

/** @throws DomainError invalid for a parameter that is given twice */
function parameter(request: FastifyRequest, name: string): string {
  const value = (request.query as Record<string, unknown>)[name] ?? '';
  if (typeof value === 'string') return value;
  throw DomainError.invalid(name, 'INVALID_ARGUMENT', 'is given twice');
}

function chooseTenant(reply: FastifyReply, { metadata }: DomainError, pending: PendingSignIn): void {
  void reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .send(tenantsPage(metadata, pending));
}

/** As the API's own answers are written: every field, enums by name. */
function toText(current: CurrentSession): string {
  const message = registry().getMessage('paradesk.identity.v1.CurrentSession');
  if (!message) throw new Error('the contracts have no CurrentSession');
  const bytes = CurrentSession.encode(current).finish();
  return JSON.stringify(toJson(message, fromBinary(message, bytes), { alwaysEmitImplicit: true }));
}
