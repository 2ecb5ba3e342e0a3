// `NODE_OPTIONS=--require <this>`: every second a process of the stack writes down its size and how late its event loop was in that second.
'use strict';
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const folder = process.env.BENCH_GAUGES;
// Threads share the process's size; their own loops are not what heartbeats need.
if (folder !== undefined && require('node:worker_threads').isMainThread) {
  const file = join(folder, `${process.pid}.jsonl`);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  setInterval(() => {
    const line = {
      at: Date.now(),
      rss: process.memoryUsage.rss(),
      p99: delay.percentile(99) / 1e6,
      program: process.argv.slice(1, 3).join(' '),
    };
    delay.reset();
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }, 1_000).unref();
}
