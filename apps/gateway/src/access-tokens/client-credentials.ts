import { DomainError } from '@paradesk/kernel';

/** A request to the token endpoint. */
export interface TokenRequest {
  /** The `Authorization` header, if there is one. */
  readonly authorization: string | undefined;
  /** `application/x-www-form-urlencoded`. */
  readonly body: string;
}

/** Who asks for an access token, and for what; empty texts where the client did not say. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string[];
}

/**
 * Reads a request for client credentials (RFC 6749, 4.4.2), whose client signs in by HTTP Basic or in the body (2.3.1), not by both.
 *
 * @throws DomainError invalid INVALID_REQUEST or UNSUPPORTED_GRANT_TYPE
 */
export function clientCredentials({ authorization, body }: TokenRequest): ClientCredentials {
  const form = new URLSearchParams(body);
  const field = (name: string): string => {
    const [value = '', ...more] = form.getAll(name);
    if (more.length > 0) throw invalidRequest(`${name} is given twice`);
    return value;
  };
  const grantType = field('grant_type');
  if (!grantType) throw invalidRequest('grant_type is missing');
  if (grantType !== 'client_credentials') {
    throw DomainError.invalid('grant_type', 'UNSUPPORTED_GRANT_TYPE', 'takes client_credentials');
  }
  const scopes = field('scope').split(' ').filter(Boolean);
  const inBody = { clientId: field('client_id'), clientSecret: field('client_secret') };
  if (authorization === undefined) return { ...inBody, scopes };
  const inHeader = basic(authorization);
  if (inBody.clientSecret || (inBody.clientId && inBody.clientId !== inHeader.clientId)) {
    throw invalidRequest('the client signs in both by its header and in the body');
  }
  return { ...inHeader, scopes };
}

/** Id and secret are form-encoded before they are put together, which changes neither here. */
function basic(authorization: string): Pick<ClientCredentials, 'clientId' | 'clientSecret'> {
  const [, encoded = ''] = /^Basic +([\w+/=-]{1,1000}) *$/i.exec(authorization) ?? [];
  const [clientId = '', clientSecret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { clientId, clientSecret };
}

function invalidRequest(message: string): DomainError {
  return new DomainError('invalid', 'INVALID_REQUEST', message);
}
