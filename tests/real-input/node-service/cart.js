// A small service whose logs go through the OpenTelemetry SDK for JavaScript.
//
//     node cart.js PORT ENDPOINT json|protobuf
//
// Listens on 127.0.0.1:PORT. Each request continues the caller's trace (`traceparent`) and logs two records within it.
// The SDK's own batching, retries and shutdown are left as they come. On SIGTERM it sends what it still holds and ends.
import { createServer } from 'node:http';
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

const [port, endpoint, encoding] = process.argv.slice(2);
const Exporter = encoding === 'json' ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({ url: `${endpoint}/v1/logs` });
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'cart', 'deployment.environment.name': 'test' }),
  processors: [new BatchLogRecordProcessor({ exporter, scheduledDelayMillis: 200 })],
});
const log = provider.getLogger('cart', '1.0.0');
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

const server = createServer((request, response) => {
  const context = propagation.extract(ROOT_CONTEXT, request.headers);
  log.emit({
    context,
    severityNumber: SeverityNumber.INFO,
    severityText: 'INFO',
    body: `cart ${request.url} opened`,
    attributes: { 'cart.items': 2, 'cart.total': 12.75, 'cart.gift': false, 'cart.tags': ['new', 'sale'] },
  });
  log.emit({
    context,
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    body: { message: 'stock service refused', article: 'a-17', attempts: 3 },
    attributes: { 'upstream.name': 'stock', seen: trace.getSpanContext(context) !== undefined },
  });
  response.end('ok\n');
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}`));
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  provider.shutdown().then(() => process.exit(0), () => process.exit(1));
});
