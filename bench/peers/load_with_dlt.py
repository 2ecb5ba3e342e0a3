"""Loads invoices.jsonl with dlt into the PostgreSQL of DATABASE_URL: merge by invoice_id, line items as a child table. Prints seconds."""

import json
import os
import resource
import time

import dlt


@dlt.resource(name="invoices", primary_key="invoice_id", write_disposition="merge")
def invoices():
    with open("invoices.jsonl", "rb") as file:
        for line in file:
            yield json.loads(line)


pipeline = dlt.pipeline(
    pipeline_name="peers",
    destination=dlt.destinations.postgres(os.environ["DATABASE_URL"]),
    dataset_name="peers",
)
began = time.monotonic()
pipeline.run(invoices())
seconds = time.monotonic() - began
print(json.dumps({"tool": f"dlt {dlt.__version__}", "seconds": round(seconds, 1), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
