import { CancelledError, UserError, codeOf, messageOf } from '../../errors.ts';
import { firstLine, shorten } from '../../incident/shorten.ts';
import type { AwsOptions } from './options.ts';

/**
 * An AWS error in words, with what to do. The names are those of the SDK and of the service models.
 *
 * @param doing what was asked, e.g. `reading the alarms`
 */
export function explainAwsError(error: unknown, options: AwsOptions, doing: string, signal?: AbortSignal): Error {
  if (signal?.aborted === true) {
    return new CancelledError();
  }
  if (error instanceof UserError) {
    return error;
  }
  const name = error instanceof Error ? error.name : '';
  const message = messageOf(error);
  const profile = options.profile ?? process.env['AWS_PROFILE'] ?? 'default';
  const where = options.endpoint ?? `AWS ${options.region}`;
  const login = `aws sso login --profile ${profile}`;
  const signIn = { cause: error, action: { title: 'Copy the command', command: 'incidentRunbook.copyText', args: [login] } };

  if (isExpired(name, message)) {
    return new UserError(`The AWS session of profile "${profile}" has expired. Renew it with "${login}" and run the step again.`, signIn);
  }
  if (isMissing(name, message)) {
    return new UserError(`There is no AWS session for profile "${profile}" (${wordsOf(message)}). Sign in with "${login}" (or "aws configure --profile ${profile}" for access keys) and run the step again.`, signIn);
  }
  if (REJECTED.test(name)) {
    return new UserError(`AWS does not accept the credentials of profile "${profile}": ${wordsOf(message)}. Sign in again with "${login}", or choose another profile in the setting incidentRunbook.aws.profile.`, signIn);
  }
  if (/AccessDenied|NotAuthorized|UnauthorizedOperation/.test(name)) {
    return new UserError(`Profile "${profile}" may not do this (${doing}): ${wordsOf(message)}. Ask for the permission named there, or choose another profile in the setting incidentRunbook.aws.profile.`, { cause: error });
  }
  if (/Throttl|TooManyRequests|RequestLimitExceeded/.test(name)) {
    return new UserError(`${where} throttles requests (${doing}). Wait a few seconds and run the step again.`, { cause: error });
  }
  if (contentTypeOf(error).includes('text/html') || /Unexpected token '?<|is not valid JSON.*<|<!doctype|<html/i.test(message)) {
    return new UserError(`${where} answered with an HTML page instead of data (${doing}${statusOf(error)}). Something between here and AWS answered: check the proxy, VPN or the setting incidentRunbook.aws.endpoint.`, { cause: error });
  }
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EPIPE|socket hang up|aborted/i.test(`${name} ${codeOf(error) ?? ''} ${message}`) || /TimeoutError|RequestTimeout/.test(name)) {
    return new UserError(`${where} could not be reached (${doing}): ${wordsOf(message)}. Check the network, the VPN and the region, then run the step again.`, { cause: error });
  }
  return new UserError(`AWS refused ${doing}: ${name === '' || name === 'Error' ? '' : `${name}: `}${wordsOf(message)}${statusOf(error)}.`, { cause: error });
}

/** Whether the session itself is at fault: then the credentials have to be read again. */
export function isCredentialError(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return isExpired(name, messageOf(error)) || isMissing(name, messageOf(error)) || REJECTED.test(name);
}

const REJECTED = /InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException/;

function isExpired(name: string, message: string): boolean {
  return /ExpiredToken|TokenRefreshRequired|RequestExpired/.test(name) || /token.*(has )?expired|session.*expired|SSO session/i.test(message);
}

function isMissing(name: string, message: string): boolean {
  return /CredentialsProviderError|TokenProviderError/.test(name) || /Could not (load|resolve) credentials/.test(message);
}

function wordsOf(message: string): string {
  return shorten(firstLine(message).replace(/\.+$/, ''), 300);
}

/** Of the answer that the SDK could not read; it keeps it beside the error. */
function contentTypeOf(error: unknown): string {
  const response = typeof error === 'object' && error !== null && '$response' in error ? error.$response : undefined;
  const headers = typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined;
  return typeof headers === 'object' && headers !== null && 'content-type' in headers ? String(headers['content-type']) : '';
}

function statusOf(error: unknown): string {
  const metadata = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? `, HTTP ${status}` : '';
}
