import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { rpcs } from '@paradesk/contracts';
import { operations } from '../operations/operation.js';
import { openApiDocument } from './openapi.js';

const document = JSON.parse(JSON.stringify(openApiDocument(operations())));

describe('The OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(document);
    expect(result).toMatchObject({ valid: true });
  });

  it('has every RPC that is bound to REST, under its name and service', () => {
    const shown = Object.values<Record<string, { operationId: string; tags: string[] }>>(document.paths).flatMap(
      (path) => Object.values(path),
    );
    const bound = rpcs().filter((rpc) => rpc.http);
    expect(shown.map(({ operationId, tags }) => `${tags[0]}Service.${operationId}`).sort()).toEqual(
      bound.map((rpc) => `${rpc.descriptor.parent.name}.${rpc.method}`).sort(),
    );
  });

  it('tells what fields must be and who may call, from the contracts', () => {
    const record = document.paths['/v1/timeEntries'].post;
    expect(record.description).toContain('Roles: `PARALEGAL`');
    expect(document.components.schemas.RecordTimeRequest).toMatchObject({
      required: ['matterId', 'workedOn', 'minutes', 'narrative'],
      additionalProperties: false,
      properties: {
        matterId: { format: 'uuid' },
        minutes: { minimum: 1, maximum: 1440 },
        narrative: { minLength: 1, maxLength: 4000, description: 'What was done.' },
      },
    });
    expect(document.components.schemas.Money).toMatchObject({ required: ['amountMinor', 'currencyCode'] });
  });

  it('comments on every operation, schema and field', () => {
    expect(JSON.stringify(document)).not.toContain('"description":""');
  });
});
