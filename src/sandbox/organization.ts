import type { Answer } from './answer';
import { jsonText } from './json-text';
import type { JsonObject } from './json-text';
import type { World } from './world';

function organization(world: World): JsonObject {
  return {
    organization_id: world.organizationId,
    name: 'Sandbox Trading',
    contact_name: 'Priya Iyer',
    email: 'priya@example.com',
    is_default_org: true,
    plan_name: 'PROFESSIONAL',
    language_code: 'en',
    fiscal_year_start_month: 3,
    account_created_date: '2016-02-18',
    time_zone: 'Asia/Calcutta',
    is_org_active: true,
    currency_id: world.settingsId(0),
    currency_code: 'USD',
    currency_symbol: '$',
    currency_format: '###,##0.00',
    price_precision: 2,
  };
}

/** `GET /organizations`: unpaged, needs no organization_id. */
export function organizationsAnswer(world: World): Answer {
  return { status: 200, code: 0, body: jsonText({ code: 0, message: 'success', organizations: [organization(world)] }) };
}

/** `GET /organizations/{id}`. */
export function organizationAnswer(world: World, id: string): Answer {
  if (id !== world.organizationId)
    return { status: 404, code: 1002, body: jsonText({ code: 1002, message: 'Organization does not exist.' }) };
  const { plan_name: _plan, ...detail } = organization(world);
  return { status: 200, code: 0, body: jsonText({ code: 0, message: 'success', organization: detail }) };
}
