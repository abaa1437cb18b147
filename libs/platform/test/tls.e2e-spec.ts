import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DocumentsServiceService } from '@paradesk/contracts/paradesk/documents/v1/documents';
import { credentials } from '@grpc/grpc-js';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createPlainServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { KafkaClient } from '../src/messaging/kafka-client.js';
import type { CertificatePaths } from '../src/tls/certificate-files.js';
import { type ChannelSecurity, PeerTls } from '../src/tls/peer-tls.js';
import { kafkaTls, requireSecureDatabase } from '../src/tls/secure-connections.js';
import { CertificateAuthority } from './certificate-authority.js';
import { AUDIENCE, ServedApp } from './served-app.js';

const REFRESH_MS = 50;
const problems: string[] = [];
const tlsOf = (paths: CertificatePaths) => PeerTls.fromFiles(paths, (problem) => problems.push(problem), REFRESH_MS);
const documentId = '01890a5d-ac96-774b-bcce-b302099a8050';

let authority: CertificateAuthority;
let other: CertificateAuthority;
let app: ServedApp;
let serverPaths: CertificatePaths;

beforeAll(async () => {
  authority = await CertificateAuthority.make();
  other = await CertificateAuthority.make('Another CA');
  serverPaths = await authority.issue({ names: [AUDIENCE] });
  app = await ServedApp.start({ tls: tlsOf(serverPaths) });
});
afterAll(async () => {
  await app.stop();
  authority.close();
  other.close();
});

async function securityOf(names: readonly string[], { by = authority, endsInDays = 1, peer = AUDIENCE } = {}) {
  const paths = await by.issue({ names, endsInDays });
  return tlsOf({ ...paths, authority: authority.path }).to(peer);
}

function call(security: ChannelSecurity | undefined, token?: string) {
  const client = app.client(DocumentsServiceService, app.channel(security));
  return client.getDocument(
    { documentId },
    { ...(token !== undefined && { authorization: `Bearer ${token}` }), timeoutMs: 3_000 },
  );
}

describe('a service with TLS', () => {
  it('answers the gateway, for a person', async () => {
    expect(await call(await securityOf(['gateway']))).toMatchObject({ id: documentId });
  });

  it('answers another service, as that service', async () => {
    const token = await app.token({ role: Role[Role.SERVICE], sub: 'billing' });
    expect(await call(await securityOf(['billing', 'billing.paradesk.svc']), token)).toMatchObject({ id: documentId });
  });

  it.each([
    ["a person's token over a service's certificate", ['billing'], {}],
    ["a service's token over another service's certificate", ['communications'], { role: 'SERVICE', sub: 'billing' }],
    ["a service's token over the gateway's certificate", ['gateway'], { role: 'SERVICE', sub: 'billing' }],
    ['a token over a certificate without a name', [], {}],
    ['a name that only begins alike', ['billing-2', 'x.billing'], { role: 'SERVICE', sub: 'billing' }],
  ])('refuses %s', async (_name, names, claims) => {
    const answer = call(await securityOf(names), await app.token(claims));
    await expect(answer).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'NOT_THE_CERTIFICATES_TOKEN' });
  });

  const strangers: [string, () => Promise<ChannelSecurity | undefined>][] = [
    ['plain text', async () => undefined],
    ['a certificate of another CA', () => securityOf(['gateway'], { by: other })],
    ['a certificate that has expired', () => securityOf(['gateway'], { endsInDays: -1 })],
  ];
  it.each(strangers)('does not even hear who comes with %s', async (_name, security) => {
    await expect(call(await security())).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('does not hear who comes without a certificate', async () => {
    const options = { 'grpc.ssl_target_name_override': AUDIENCE };
    const security = { credentials: credentials.createSsl(readFileSync(authority.path)), options };
    await expect(call(security)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is not taken for another service', async () => {
    await expect(call(await securityOf(['gateway'], { peer: 'billing' }))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  it('is not believed with a certificate of another CA', async () => {
    const paths = await authority.issue({ names: ['gateway'] });
    const security = tlsOf({ ...paths, authority: other.path }).to(AUDIENCE);
    await expect(call(security)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('says nothing in plain text', async () => {
    const socket = connect(Number(app.address.split(':')[1]), '127.0.0.1');
    const heard: Buffer[] = [];
    socket.on('data', (bytes) => heard.push(bytes));
    socket.on('error', () => undefined);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await once(socket, 'close');
    expect(Buffer.concat(heard).toString('latin1')).not.toMatch(/HTTP|grpc/i);
  });
});

describe('certificates', () => {
  it('that are replaced hold for new connections, without a new start', async () => {
    const paths = await authority.issue({ names: ['gateway'], endsInDays: -1 });
    const security = tlsOf(paths).to(AUDIENCE);
    await expect(call(security)).rejects.toMatchObject({ kind: 'unavailable' });
    await authority.issue({ names: ['gateway'] }, paths);
    await sleep(REFRESH_MS * 4);
    expect(await call(security)).toMatchObject({ id: documentId });
  });

  it('of a server are replaced while calls go on', async () => {
    const security = await securityOf(['gateway']);
    const client = app.client(DocumentsServiceService, app.channel(security));
    await client.getDocument({ documentId });
    await authority.issue({ names: ['somebody-else'] }, serverPaths);
    await sleep(REFRESH_MS * 4);
    await client.getDocument({ documentId });
    await expect(call(await securityOf(['gateway']))).rejects.toMatchObject({ kind: 'unavailable' });
    await authority.issue({ names: [AUDIENCE] }, serverPaths);
    await sleep(REFRESH_MS * 4);
    expect(await call(await securityOf(['gateway']))).toMatchObject({ id: documentId });
  });

  it('stay in use while half of the new ones is there, and it is said', async () => {
    const paths = await authority.issue({ names: ['gateway'] });
    const security = tlsOf(paths).to(AUDIENCE);
    expect(await call(security)).toMatchObject({ id: documentId });
    problems.length = 0;
    copyFileSync(serverPaths.key, paths.key);
    await sleep(REFRESH_MS * 4);
    expect(problems[0]).toBe(`${paths.key} is not the key of the certificate in ${paths.certificate}`);
    expect(await call(security)).toMatchObject({ id: documentId });
  });

  it.each([
    [
      'a file that is not there',
      async (paths: CertificatePaths) => ({ ...paths, key: '/nowhere.pem' }),
      '/nowhere.pem cannot be read (ENOENT)',
    ],
    [
      'the key of another certificate',
      async (paths: CertificatePaths) => ({ ...paths, key: (await authority.issue({ names: ['x'] })).key }),
      'is not the key of the certificate',
    ],
    [
      'what is no certificate',
      async (paths: CertificatePaths) => {
        writeFileSync(paths.certificate, 'canary');
        return paths;
      },
      'is not the key of the certificate',
    ],
  ])('stop the start in one line with %s', async (_name, spoil, said) => {
    const paths = await spoil(await authority.issue({ names: ['gateway'] }));
    expect(() => tlsOf(paths)).toThrow(said);
  });

  it.each([
    [{ TLS_CERT_FILE: 'a' }, ['TLS_KEY_FILE', 'TLS_CA_FILE']],
    [{ TLS_CERT_FILE: 'a', TLS_CA_FILE: 'c' }, ['TLS_KEY_FILE']],
  ])('are named all three or none: %j', (config, missing) => {
    const said = missing.map((name) => `${name}: is not set, and the other TLS_ files are: it takes a path`);
    expect(() => PeerTls.fromConfig(config, () => undefined)).toThrow(expect.objectContaining({ problems: said }));
    expect(PeerTls.fromConfig({}, () => undefined)).toBeUndefined();
  });
});

describe('the database', () => {
  it.each([
    ['postgres://u:p@db.paradesk.svc/billing', false],
    ['postgres://u:p@db.paradesk.svc/billing?sslmode=require', false],
    ['postgres://u:p@db.paradesk.svc/billing?sslmode=verify-ca', false],
    ['postgres://u:p@127.0.0.1.evil.example/billing', false],
    ['postgres://u:p@db.paradesk.svc/billing?sslmode=verify-full&sslrootcert=/ca.pem', true],
    ['postgres://u:p@127.0.0.1:5432/billing', true],
  ])('at %s with TLS between services: taken is %s', (url, isTaken) => {
    if (isTaken) expect(() => requireSecureDatabase(url)).not.toThrow();
    else expect(() => requireSecureDatabase(url)).toThrow('sslmode=verify-full');
  });
});

describe('settings of Kafka', () => {
  const [KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE] = ['ca', 'cert', 'key'];
  const remote = { KAFKA_BROKERS: ['127.0.0.1:9092', 'kafka.paradesk.svc:9093'] };

  it.each([
    ['a certificate without its key', { KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE }, ['KAFKA_TLS_KEY_FILE']],
    ['a key without its certificate', { KAFKA_TLS_CA_FILE, KAFKA_TLS_KEY_FILE }, ['KAFKA_TLS_CERT_FILE']],
    ['a certificate without a CA', { KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE }, ['KAFKA_TLS_CA_FILE']],
    ['plain text elsewhere, and TLS between services', { TLS_CERT_FILE: 'cert' }, ['KAFKA_TLS_CA_FILE']],
  ])('with %s stop the start', (_name, settings, missing) => {
    const problems = missing.map((name) => expect.stringMatching(`^${name}: is not set, it takes a path where `));
    expect(() => kafkaTls({ ...remote, ...settings })).toThrow(expect.objectContaining({ problems }));
  });

  it('say TLS or plain text', () => {
    expect(kafkaTls({ ...remote, KAFKA_TLS_CA_FILE, TLS_CERT_FILE: 'cert' })).toEqual({ authority: 'ca' });
    expect(kafkaTls(remote)).toBeUndefined();
    expect(kafkaTls({ KAFKA_BROKERS: ['127.0.0.1:9092'], TLS_CERT_FILE: 'cert' })).toBeUndefined();
  });
});

describe('Kafka', () => {
  const logger = { debug: () => undefined };

  // No broker: what matters is who gets to hear the first request.
  async function broker(paths: CertificatePaths, requestCert: boolean) {
    const heard: Buffer[] = [];
    const files = {
      cert: readFileSync(paths.certificate),
      key: readFileSync(paths.key),
      ca: readFileSync(authority.path),
    };
    const server = createServer({ ...files, requestCert, rejectUnauthorized: requestCert }, (socket) => {
      socket.on('data', (bytes) => heard.push(bytes)).on('error', () => undefined);
      setTimeout(() => socket.destroy(), 200);
    });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { heard, server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  const rows: [
    string,
    { addresses: string[]; requestCert: boolean; by: () => string; own: boolean; isHeard: boolean },
  ][] = [
    [
      'a broker with a certificate of its CA',
      { addresses: ['127.0.0.1'], requestCert: false, by: () => authority.path, own: false, isHeard: true },
    ],
    [
      'a broker that asks for a certificate',
      { addresses: ['127.0.0.1'], requestCert: true, by: () => authority.path, own: true, isHeard: true },
    ],
    [
      'a broker that asks for one in vain',
      { addresses: ['127.0.0.1'], requestCert: true, by: () => authority.path, own: false, isHeard: false },
    ],
    [
      'a broker of another CA',
      { addresses: ['127.0.0.1'], requestCert: false, by: () => other.path, own: false, isHeard: false },
    ],
    [
      'a broker of another address',
      { addresses: ['10.9.8.7'], requestCert: false, by: () => authority.path, own: false, isHeard: false },
    ],
  ];
  it.each(rows)('speaks by TLS to %s', async (_name, { addresses, requestCert, by, own, isHeard }) => {
    const { heard, server, address } = await broker(await authority.issue({ names: [], addresses }), requestCert);
    const mine = await authority.issue({ names: ['billing'] });
    const tls = { authority: by(), ...(own && { certificate: mine.certificate, key: mine.key }) };
    const client = new KafkaClient({ brokers: [address], clientId: 'canary-client', tls }, logger, 0);
    await client.kafka
      .admin()
      .connect()
      .catch(() => undefined);
    client.release();
    server.close();
    expect(Buffer.concat(heard).includes('canary-client')).toBe(isHeard);
  });

  it('says nothing in plain text', async () => {
    const heard: Buffer[] = [];
    const server = createPlainServer((socket) => {
      socket.on('data', (bytes) => heard.push(bytes)).on('error', () => undefined);
      setTimeout(() => socket.destroy(), 200);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const brokers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
    const client = new KafkaClient(
      { brokers, clientId: 'canary-client', tls: { authority: authority.path } },
      logger,
      0,
    );
    await client.kafka
      .admin()
      .connect()
      .catch(() => undefined);
    client.release();
    server.close();
    expect(Buffer.concat(heard).includes('canary-client')).toBe(false);
  });
});
