import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const files = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js', '/favicon-32x32.png']);

/** Serves the files of the API reference's viewer from our own disk: no foreign host is asked. */
export async function serveReferenceFiles(app: NestFastifyApplication): Promise<void> {
  const root = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  await app.register(fastifyStatic, {
    root,
    prefix: '/docs/files/',
    index: false,
    allowedPath: (path) => files.has(path),
    maxAge: '1d',
  });
}
