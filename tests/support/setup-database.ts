import { orStopServices, requireDatabase } from './run-services';

export default async function setup(): Promise<void> {
  await orStopServices(requireDatabase());
}
