import { requireDatabase, requireTemporal } from './run-services';

export default async function setup(): Promise<void> {
  await requireDatabase();
  await requireTemporal();
}
