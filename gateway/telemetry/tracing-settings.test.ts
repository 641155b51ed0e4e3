import { describe, expect, it } from '@jest/globals';
import { readConfig } from '#kernel/config.ts';
import { TRACING_SETTINGS, tracingOptions } from './tracing-settings.ts';

const options = (environment: Record<string, string>) =>
  tracingOptions(readConfig(environment, TRACING_SETTINGS));

describe('the environment of tracing', () => {
  it('traces nothing without a collector, or when it is told not to', () => {
    expect(options({})).toBeNull();
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
    expect(options({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBeNull();
  });

  it('samples every trace by default, and as the client does where it has one', () => {
    expect(options({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })).toEqual({
      url: 'http://collector:4318/v1/traces',
      serviceName: 'concord-gateway',
      resourceAttributes: {},
      sampler: 'parentbased_traceidratio',
      ratio: 1,
      exportTimeoutMs: 10_000,
    });
  });

  it('takes the address of traces as it is given', () => {
    const traces = options({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in?tenant=a',
    });
    expect(traces?.url).toBe('https://traces.example/in?tenant=a');
  });

  it('reads names, samplers and attributes as the specification writes them', () => {
    const read = options({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_SERVICE_NAME: 'graph',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=prod,team=finance%20ops',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    expect(read).toMatchObject({
      serviceName: 'graph',
      sampler: 'traceidratio',
      ratio: 0.25,
      resourceAttributes: { 'deployment.environment': 'prod', team: 'finance ops' },
    });
  });

  it('says everything that is wrong at once', () => {
    const wrong = {
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '7',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    };
    expect(() => options(wrong)).toThrow(/3 problem/);
  });
});
