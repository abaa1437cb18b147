import { Catch, type ExceptionFilter } from '@nestjs/common';

/** Hands every error on as it is: the gRPC pipeline and the inbox decide what becomes of it, Nest would hide it. */
@Catch()
export class RethrowFilter implements ExceptionFilter {
  catch(error: unknown): never {
    throw error;
  }
}
