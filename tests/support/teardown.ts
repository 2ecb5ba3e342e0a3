import { runServices } from './run-services';

export default async function teardown(): Promise<void> {
  const { stops } = runServices();
  // Last started, first stopped; the folders go last because they were registered first.
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}
