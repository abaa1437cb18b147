import { All, Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationsService } from './operations.service.js';

/** Everything that is not served by name is an operation of the contracts, or not found. */
@Controller()
export class OperationsController {
  constructor(private readonly operations: OperationsService) {}

  @All('*')
  serve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.operations.serve(request, reply);
  }
}
