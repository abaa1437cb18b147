import '@fastify/cookie';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SignInSettings } from './sign-in-settings.js';

/** How long a person may take at the provider, in seconds. */
export const PENDING_SECONDS = 600;

/**
 * The two cookies of a browser: its session, and a sign-in that is under way. No script reads them; other sites' requests carry them
 * only where a link leads here. The prefix __Host- keeps neighbours of the domain from setting them.
 */
@Injectable()
export class BrowserCookies {
  constructor(private readonly settings: SignInSettings) {}

  /** The session's secret, as the browser presents it. */
  session(request: FastifyRequest): string | undefined {
    return request.cookies[this.nameOf('session')];
  }

  keepSession(reply: FastifyReply, secret: string, seconds: number): void {
    this.set(reply, 'session', secret, seconds);
  }

  clearSession(reply: FastifyReply): void {
    this.set(reply, 'session', '', 0);
  }

  /** The sign-in that is under way, sealed. */
  pending(request: FastifyRequest): string | undefined {
    return request.cookies[this.nameOf('sign_in')];
  }

  keepPending(reply: FastifyReply, sealed: string): void {
    this.set(reply, 'sign_in', sealed, PENDING_SECONDS);
  }

  clearPending(reply: FastifyReply): void {
    this.set(reply, 'sign_in', '', 0);
  }

  private set(reply: FastifyReply, name: string, value: string, maxAge: number): void {
    const secure = this.settings.isSecure;
    void reply.setCookie(this.nameOf(name), value, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge });
  }

  private nameOf(name: string): string {
    return `${this.settings.isSecure ? '__Host-' : ''}paradesk_${name}`;
  }
}
