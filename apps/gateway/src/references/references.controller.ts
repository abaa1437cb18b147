import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { operations } from '../operations/operation.js';
import { openApiDocument } from './openapi.js';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Paradesk API</title>
    <link rel="stylesheet" href="/docs/files/swagger-ui.css">
    <link rel="icon" href="/docs/files/favicon-32x32.png">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/files/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, validatorUrl: null, docExpansion: 'none' });\n`;
// The viewer styles its elements one by one, and draws its icons from data URLs.
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** The API reference, for programs and for people, and a sign of life. */
@Controller()
export class ReferencesController {
  private readonly document = JSON.stringify(openApiDocument(operations()));

  @Get('openapi.json')
  openApi(@Res() reply: FastifyReply): void {
    void reply.type('application/json; charset=utf-8').send(this.document);
  }

  @Get('docs')
  page(@Res() reply: FastifyReply): void {
    void reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(PAGE);
  }

  @Get('docs/start.js')
  start(@Res() reply: FastifyReply): void {
    void reply.type('text/javascript; charset=utf-8').send(START);
  }

  @Get('health')
  health(@Res() reply: FastifyReply): void {
    void reply.type('application/json; charset=utf-8').send('{"status":"ok"}');
  }
}
