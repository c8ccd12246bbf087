"""A small service whose logs go through the OpenTelemetry SDK for Python.

    checkout.py PORT ENDPOINT grpc|http

Listens on 127.0.0.1:PORT. Each request continues the caller's trace (`traceparent`), logs two lines within it with the
standard library's `logging`, and answers when both were handed to the SDK. The SDK's own batching, retries and shutdown
are left as they come. On SIGTERM it sends what it still holds and ends.
"""

import logging
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.propagate import extract
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("checkout")


def exporter(endpoint, protocol):
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

        return OTLPLogExporter(endpoint=endpoint, insecure=True)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter(endpoint=endpoint + "/v1/logs")


class Checkout(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        tracer = trace.get_tracer("checkout")
        with tracer.start_as_current_span("checkout", context=extract(dict(self.headers.items()))):
            log.info("checkout of basket %s started", self.path, extra={"basket.items": 3, "basket.express": True})
            log.warning("payment provider answered late, order %s kept open", "o-4711", extra={"wait.seconds": 1.5})
        body = b"ok\n"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The base class prints a line per request; the gateway's access log has it already."""


def main():
    port, endpoint, protocol = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    resource = Resource.create({"service.name": "checkout", "deployment.environment.name": "test"})
    trace.set_tracer_provider(TracerProvider(resource=resource))
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter(endpoint, protocol), schedule_delay_millis=200))
    set_logger_provider(provider)
    log.setLevel(logging.INFO)
    log.addHandler(LoggingHandler(level=logging.INFO, logger_provider=provider))

    server = ThreadingHTTPServer(("127.0.0.1", port), Checkout)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on {port}", flush=True)
    server.serve_forever()
    provider.shutdown()


if __name__ == "__main__":
    main()
