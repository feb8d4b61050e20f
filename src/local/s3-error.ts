import type { LocalResponse } from './http-server.ts';
import { xmlDocument } from './xml.ts';

/** An error that goes over the wire as it is; `details` are further elements of the document. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, string>;

  constructor(code: string, message: string, status: number, details: Record<string, string> = {}) {
    super(message);
    this.name = 'S3Error';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

export function s3ErrorResponse(error: S3Error): LocalResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml' },
    body: xmlDocument('Error', { Code: error.code, Message: error.message, ...error.details }),
  };
}
