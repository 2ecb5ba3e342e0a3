import { codeAnswer, INVALID_PATH, UNAUTHORIZED } from './answer';
import type { Answer } from './answer';
import { detailAnswer, listAnswer } from './list';
import { listQuery } from './list-query';
import { organizationAnswer, organizationsAnswer } from './organization';
import type { SandboxRequest } from './request';
import type { SandboxState } from './state';

/** Why a request to the Books API is refused before it is looked at, if it is. */
export function refusal(state: SandboxState, request: SandboxRequest, authorization: string | undefined): Answer | undefined {
  if (!state.oauth.accepts(authorization)) return UNAUTHORIZED;
  if (request.kind === 'other') return INVALID_PATH;
  if (request.method !== 'GET') {
    return codeAnswer(405, 37, `The HTTP method ${request.method} is not allowed for the requested resource`);
  }
  return request.kind === 'organizations' ? undefined : organizationRefusal(state, request);
}

function organizationRefusal(state: SandboxState, request: SandboxRequest): Answer | undefined {
  const organization = request.params.get('organization_id');
  if (organization === state.world.organizationId) return undefined;
  if (organization === null || organization === '') {
    const { status, code } = state.rules.missingOrganization;
    return codeAnswer(status, code, 'Invalid value passed for organization_id');
  }
  const { status, code } = state.rules.wrongOrganization;
  return codeAnswer(status, code, `This user is not associated with the CompanyID/CompanyName:${organization}.`);
}

/** The good answer to a request that was not refused. */
export function booksAnswer(state: SandboxState, request: SandboxRequest): Answer {
  const { entity, recordId } = request;
  if (entity === undefined) return recordId === undefined ? organizationsAnswer(state.world) : organizationAnswer(state.world, recordId);
  const table = state.table(entity);
  if (recordId !== undefined) return detailAnswer(table, recordId);
  return listAnswer(table, state.listing(entity), listQuery(table.entity, request.params, state.rules));
}
