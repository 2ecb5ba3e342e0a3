import { orStopServices, requireDatabase, requireTemporal } from './run-services';

export default async function setup(): Promise<void> {
  await orStopServices(requireDatabase().then(requireTemporal));
}
