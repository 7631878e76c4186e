/**
 * Requests about what streams do beyond storing: transforms, sources, republishing, counters, schedules, markers. Answers of nats-server 2.15.1.
 */
import type { Step } from "./play-steps.ts";

export const featureSteps: readonly Step[] = [
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload:
      '{"name":"T","subjects":["t.>"],"subject_transform":{"src":"t.*.*","dest":"x.$2.{{wildcard(1)}}.{{partition(5,1,2)}}"},"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","subjects":["t.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","subject_transform":{"src":"t.*.*","dest":"x.$2.{{wildcard(1)}}.{{partition(5,1,2)}}"},"allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "t.a.b",
    payload: "1",
    answers: ['{"stream":"T","seq":1}'],
  },
  {
    subject: "t.a",
    payload: "2",
    answers: ['{"stream":"T","seq":2}'],
  },
  {
    subject: "t.a.b",
    payload: "3",
    headers: {
      "Nats-Expected-Last-Subject-Sequence": "1",
    },
    answers: ['{"stream":"T","seq":3}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.T",
    payload: '{"seq":1}',
    answers: ["[Nats-Stream=T; Nats-Subject=x.b.a.1; Nats-Sequence=1; Nats-Time-Stamp=TIME] 1"],
  },
  {
    subject: "$JS.API.DIRECT.GET.T",
    payload: '{"seq":2}',
    answers: ["[Nats-Stream=T; Nats-Subject=t.a; Nats-Sequence=2; Nats-Time-Stamp=TIME] 2"],
  },
  {
    subject: "$JS.API.STREAM.INFO.T",
    payload: '{"subjects_filter":">"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":2,"offset":0,"limit":100000,"config":{"name":"T","subjects":["t.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","subject_transform":{"src":"t.*.*","dest":"x.$2.{{wildcard(1)}}.{{partition(5,1,2)}}"},"allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":3,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"subjects":{"t.a":1,"x.b.a.1":2},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["t.>"],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["t.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":3,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "t.a.b",
    payload: "1",
    answers: ['{"stream":"T","seq":4}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.T",
    payload: '{"seq":3}',
    answers: ["[Nats-Expected-Last-Subject-Sequence=1; Nats-Stream=T; Nats-Subject=x.b.a.1; Nats-Sequence=3; Nats-Time-Stamp=TIME] 3"],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e","dest":"f.$1"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: wildcard index out of range in $1"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.$2"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: wildcard index out of range in $2: [2]"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e..*","dest":"f.$2"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10155,"description":"stream transform source: invalid subject e..*"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{bogus(1)}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: unknown function in {{bogus(1)}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{wildcard()}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: not enough arguments passed to the function in {{wildcard()}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{wildcard(1,2)}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: too many arguments passed to the function in {{wildcard(1,2)}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{wildcard(a)}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: function argument is invalid or in the wrong format in {{wildcard(a)}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{split(1)}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: not enough arguments passed to the function in {{split(1)}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.{{partition(a,1)}}"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: function argument is invalid or in the wrong format in {{partition(a,1)}}"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f..a"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid mapping destination: invalid transform"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.>"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*","dest":"f.*"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10156,"description":"stream transform: invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.E",
    payload: '{"name":"E","subjects":["e"],"subject_transform":{"src":"e.*"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"E","subjects":["e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","subject_transform":{"src":"e.*","dest":""},"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.E",
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.R",
    payload: '{"name":"R","subjects":["r.>"],"republish":{"src":"r.*","dest":"r.rep.$1"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"stream configuration for republish destination forms a cycle"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.R",
    payload: '{"name":"R","subjects":["r.>"],"republish":{"src":"r.*","dest":"rep.$2"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"stream configuration for republish with transform from \'r.*\' to \'rep.$2\' not valid"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.R",
    payload: '{"name":"R","subjects":["r.>"],"republish":{"dest":"rep.>"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"R","subjects":["r.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","republish":{"src":"\\u003e","dest":"rep.\\u003e"},"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.RC",
    payload: '{"name":"RC","subjects":["rep.>"],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"RC","subjects":["rep.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "r.a",
    payload: "one",
    answers: ['{"stream":"R","seq":1}'],
  },
  {
    subject: "r.a",
    payload: "two",
    headers: {
      H: "v",
    },
    answers: ['{"stream":"R","seq":2}'],
  },
  {
    subject: "r.b",
    payload: "",
    answers: ['{"stream":"R","seq":3}'],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.R",
    payload: '{"name":"R","subjects":["r.>"],"republish":{"src":">","dest":"rep.>","headers_only":true}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"R","subjects":["r.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","republish":{"src":"\\u003e","dest":"rep.\\u003e","headers_only":true},"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":3,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "r.a",
    payload: "three",
    answers: ['{"stream":"R","seq":4}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.S1",
    payload: '{"name":"S1","subjects":["s1.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"S1","subjects":["s1.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.S2",
    payload: '{"name":"S2","subjects":["s2.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"S2","subjects":["s2.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "s1.a",
    payload: "1",
    answers: ['{"stream":"S1","seq":1}'],
  },
  {
    subject: "s1.b",
    payload: "2",
    headers: {
      A: "b",
      "Nats-Expected-Stream": "S1",
    },
    answers: ['{"stream":"S1","seq":2}'],
  },
  {
    subject: "s2.a",
    payload: "3",
    answers: ['{"stream":"S2","seq":1}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1"},{"name":"S1"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10140,"description":"duplicate source configuration detected"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1","filter_subject":"s1.a","subject_transforms":[{"src":"s1.a","dest":"x"}]}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10144,"description":"source with multiple subject transforms cannot also have a single subject filter"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1","subject_transforms":[{"src":"s1.*","dest":"x.$1"},{"src":"s1.a","dest":"y"}]}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10147,"description":"source filters can not overlap"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1","subject_transforms":[{"src":"s1..","dest":"x.$1"}]}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10145,"description":"source transform source: invalid subject s1.."}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1","subject_transforms":[{"src":"s1.*","dest":"x.$2"}]}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10146,"description":"source transform: invalid mapping destination: wildcard index out of range in $2: [2]"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"a.b"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10141,"description":"sourced stream name is invalid"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":""}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10141,"description":"sourced stream name is invalid"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"AGG"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"detected cycle"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1"}],"mirror":{"name":"S2"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10031,"description":"stream mirrors can not also contain other sources"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload: '{"name":"AGG","sources":[{"name":"S1"}],"allow_msg_schedules":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10187,"description":"stream source can not also schedule messages"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG",
    payload:
      '{"name":"AGG","allow_direct":true,"sources":[{"name":"NOPE","filter_subject":"a.*","opt_start_seq":7},{"name":"NOPE2","subject_transforms":[{"src":"a.*","dest":"b.$1"}]}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"AGG","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"sources":[{"name":"NOPE","opt_start_seq":7,"filter_subject":"a.*"},{"name":"NOPE2","subject_transforms":[{"src":"a.*","dest":"b.$1"}]}],"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"sources":[{"name":"NOPE","lag":0,"active":0,"filter_subject":"a.*"},{"name":"NOPE2","lag":0,"active":0,"subject_transforms":[{"src":"a.*","dest":"b.$1"}]}],"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "s1.x",
    payload: "mine",
    headers: {
      "Nats-Stream-Source": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10227,"description":"message stream source header is not allowed"},"stream":"S1","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload:
      '{"name":"M","mirror":{"name":"NOPE","subject_transforms":[{"src":"s1.a","dest":"m.a"},{"src":"s1.c","dest":""}]},"mirror_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"mirror":{"name":"NOPE","subject_transforms":[{"src":"s1.a","dest":"m.a"},{"src":"s1.c","dest":""}]},"compression":"none","allow_direct":false,"mirror_direct":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"NOPE","lag":0,"active":0,"subject_transforms":[{"src":"s1.a","dest":"m.a"},{"src":"s1.c","dest":""}]},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1","filter_subject":"s1.a","subject_transforms":[{"src":"s1.a","dest":"m.a"}]}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10150,"description":"mirror with multiple subject transforms cannot also have a single subject filter"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1","subject_transforms":[{"src":"s1.*","dest":"m.$1"},{"src":"s1.a","dest":"q"}]}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10152,"description":"mirror subject filters can not overlap"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1","subject_transforms":[{"src":"s1.*","dest":"m.$2"}]}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10154,"description":"mirror transform: invalid mapping destination: wildcard index out of range in $2: [2]"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1"},"allow_msg_counter":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10173,"description":"stream mirrors can not also calculate counters"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1"},"allow_batched":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10209,"description":"stream mirrors can not also use batch publishing"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1"},"allow_msg_schedules":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10186,"description":"stream mirrors can not also schedule messages"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M2",
    payload: '{"name":"M2","mirror":{"name":"S1"},"subject_delete_marker_ttl":2000000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject delete markers forbidden on mirrors"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.AGG2",
    payload: '{"name":"AGG2","subjects":["agg"],"sources":[{"name":"S1"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"AGG2","subjects":["agg"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"sources":[{"name":"S1"}],"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"sources":[{"name":"S1","lag":0,"active":0}],"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.CY",
    payload: '{"name":"CY","subjects":["cy"],"sources":[{"name":"AGG2"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"CY","subjects":["cy"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"sources":[{"name":"AGG2"}],"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"sources":[{"name":"AGG2","lag":0,"active":0}],"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S1",
    payload: '{"name":"S1","subjects":["s1.>"],"sources":[{"name":"CY"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"detected cycle"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.>"],"allow_msg_counter":true,"discard":"new"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"counter stream cannot use discard new"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.>"],"allow_msg_counter":true,"allow_msg_ttl":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"counter stream cannot use message TTLs"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.>"],"allow_msg_counter":true,"allow_msg_schedules":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"counter stream cannot use message schedules"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.>"],"allow_msg_counter":true,"retention":"interest"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"counter stream can only use limits retention"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.>"],"allow_msg_counter":true,"allow_direct":true,"allow_atomic":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"K","subjects":["k.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"allow_msg_counter":true,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "1",
    },
    answers: ['{"stream":"K","seq":1,"val":"1"}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "+41",
    },
    answers: ['{"stream":"K","seq":2,"val":"42"}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "-2",
    },
    answers: ['{"stream":"K","seq":3,"val":"40"}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "100000000000000000000000000000",
    },
    answers: ['{"stream":"K","seq":4,"val":"100000000000000000000000000040"}'],
  },
  {
    subject: "k.a",
    payload: "",
    answers: ['{"error":{"code":400,"err_code":10169,"description":"message counter increment is missing"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "x",
    answers: ['{"error":{"code":400,"err_code":10169,"description":"message counter increment is missing"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "x",
    headers: {
      "Nats-Incr": "1",
    },
    answers: ['{"error":{"code":400,"err_code":10170,"description":"message counter has payload"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "1.5",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "abc",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "1",
      "Nats-Rollup": "sub",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "1",
      "Nats-Expected-Last-Sequence": "1",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.a",
    payload: "",
    headers: {
      "Nats-Incr": "1",
      "Nats-Expected-Stream": "K",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"K","seq":0}'],
  },
  {
    subject: "k.b",
    payload: "",
    headers: {
      "Nats-Incr": "7",
      "Nats-Msg-Id": "m1",
    },
    answers: ['{"stream":"K","seq":5,"val":"7"}'],
  },
  {
    subject: "k.b",
    payload: "",
    headers: {
      "Nats-Incr": "7",
      "Nats-Msg-Id": "m1",
    },
    answers: ['{"stream":"K","seq":5,"duplicate": true}'],
  },
  {
    subject: "k.b",
    payload: "",
    headers: {
      "Nats-Incr": "1",
    },
    answers: ['{"stream":"K","seq":6,"val":"8"}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.K.k.a",
    answers: [
      '[Nats-Incr=100000000000000000000000000000; Nats-Stream=K; Nats-Subject=k.a; Nats-Sequence=4; Nats-Time-Stamp=TIME] {"val":"100000000000000000000000000040"}',
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.K.k.b",
    answers: ['[Nats-Incr=1; Nats-Stream=K; Nats-Subject=k.b; Nats-Sequence=6; Nats-Time-Stamp=TIME] {"val":"8"}'],
  },
  {
    subject: "k.c",
    payload: "",
    headers: {
      "Nats-Incr": "1",
      "Nats-Batch-Id": "b",
      "Nats-Batch-Sequence": "1",
    },
    answers: [""],
  },
  {
    subject: "k.c",
    payload: "",
    headers: {
      "Nats-Incr": "2",
      "Nats-Batch-Id": "b",
      "Nats-Batch-Sequence": "2",
    },
    answers: [""],
  },
  {
    subject: "k.c",
    payload: "",
    headers: {
      "Nats-Incr": "3",
      "Nats-Batch-Id": "b",
      "Nats-Batch-Sequence": "3",
      "Nats-Batch-Commit": "1",
    },
    answers: ['{"stream":"K","seq":9,"batch":"b","count":3}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.K.k.c",
    answers: [
      '[Nats-Incr=3; Nats-Batch-Id=b; Nats-Batch-Sequence=3; Nats-Batch-Commit=1; Nats-Stream=K; Nats-Subject=k.c; Nats-Sequence=9; Nats-Time-Stamp=TIME] {"val":"6"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.K",
    payload: '{"name":"K","subjects":["k.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not change message counter setting"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.N",
    payload: '{"name":"N","subjects":["n.>"],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"N","subjects":["n.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-Incr": "1",
    },
    answers: ['{"error":{"code":400,"err_code":10168,"description":"message counters is disabled"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-Incr": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10171,"description":"message counter increment is invalid"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10188,"description":"message schedules is disabled"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-Scheduler": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-Stream-Source": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10227,"description":"message stream source header is not allowed"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-TTL": "1s",
    },
    answers: ['{"error":{"code":400,"err_code":10166,"description":"per-message TTL is disabled"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-TTL": "bad",
    },
    answers: ['{"error":{"code":400,"err_code":10165,"description":"invalid per-message TTL"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-TTL": "0",
    },
    answers: ['{"error":{"code":400,"err_code":10165,"description":"invalid per-message TTL"},"stream":"N","seq":0}'],
  },
  {
    subject: "n.a",
    payload: "",
    headers: {
      "Nats-TTL": "never",
    },
    answers: ['{"error":{"code":400,"err_code":10166,"description":"per-message TTL is disabled"},"stream":"N","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.KA",
    payload: '{"name":"KA","sources":[{"name":"K"}],"allow_msg_counter":true,"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"KA","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"sources":[{"name":"K"}],"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"allow_msg_counter":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"sources":[{"name":"K","lag":0,"active":0}],"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "k.b",
    payload: "",
    headers: {
      "Nats-Incr": "5",
    },
    answers: ['{"stream":"K","seq":10,"val":"13"}'],
  },
  {
    subject: "$JS.API.STREAM.CREATE.KV",
    payload: '{"name":"KV","sources":[{"name":"K"}],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"KV","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"sources":[{"name":"K"}],"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"sources":[{"name":"K","lag":0,"active":0}],"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.D",
    payload: '{"name":"D","subjects":["d.>"],"allow_msg_schedules":true,"discard":"new"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"message scheduling cannot use discard new"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.D",
    payload: '{"name":"D","subjects":["d.>"],"allow_msg_schedules":true,"allow_msg_ttl":true,"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"D","subjects":["d.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"allow_msg_schedules":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"stream":"D","seq":1}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"seq":1}',
    answers: [
      "[Nats-Schedule=@at TIME; Nats-Schedule-Target=d.t; Nats-Rollup=sub; Nats-Stream=D; Nats-Subject=d.s; Nats-Sequence=1; Nats-Time-Stamp=TIME] hi",
    ],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
    },
    answers: ['{"error":{"code":400,"err_code":10190,"description":"message schedules target is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "bogus",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10189,"description":"message schedules pattern is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at yesterday",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10189,"description":"message schedules pattern is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@every 1ms",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10189,"description":"message schedules pattern is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "0 0 0 0 0 0",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10189,"description":"message schedules pattern is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "0 0 0 1 */6 *",
      "Nats-Schedule-Target": "d.t",
    },
    answers: ['{"stream":"D","seq":2}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@hourly",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Time-Zone": "Europe/Berlin",
    },
    answers: ['{"stream":"D","seq":3}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@hourly",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Time-Zone": "Nowhere/Land",
    },
    answers: ['{"error":{"code":400,"err_code":10223,"description":"message schedules time zone is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@every 5s",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Time-Zone": "Europe/Berlin",
    },
    answers: ['{"error":{"code":400,"err_code":10189,"description":"message schedules pattern is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-TTL": "bad",
    },
    answers: ['{"error":{"code":400,"err_code":10191,"description":"message schedules invalid per-message TTL"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-TTL": "5m",
    },
    answers: ['{"stream":"D","seq":4}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Rollup": "all",
    },
    answers: ['{"error":{"code":400,"err_code":10192,"description":"message schedules invalid rollup"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Rollup": "sub",
    },
    answers: ['{"stream":"D","seq":5}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Rollup": "all",
    },
    answers: ['{"error":{"code":400,"err_code":10192,"description":"message schedules invalid rollup"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Rollup": "sub",
    },
    answers: ['{"stream":"D","seq":6}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.s",
    },
    answers: ['{"error":{"code":400,"err_code":10190,"description":"message schedules target is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "other",
    },
    answers: ['{"error":{"code":400,"err_code":10190,"description":"message schedules target is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.*",
    },
    answers: ['{"error":{"code":400,"err_code":10190,"description":"message schedules target is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Source": "d.t",
    },
    answers: ['{"error":{"code":400,"err_code":10203,"description":"message schedules source is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Source": "d.s",
    },
    answers: ['{"error":{"code":400,"err_code":10203,"description":"message schedules source is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Source": "x",
    },
    answers: ['{"error":{"code":400,"err_code":10203,"description":"message schedules source is invalid"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "hi",
    headers: {
      "Nats-Schedule": "@at 2099-01-01T00:00:00Z",
      "Nats-Schedule-Target": "d.t",
      "Nats-Schedule-Source": "d.src",
    },
    answers: ['{"stream":"D","seq":7}'],
  },
  {
    subject: "d.x",
    payload: "",
    headers: {
      "Nats-Scheduler": "d.s",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.x",
    payload: "",
    headers: {
      "Nats-Scheduler": "d.s",
      "Nats-Schedule-Next": "bad",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.s",
    payload: "",
    headers: {
      "Nats-Scheduler": "d.s",
      "Nats-Schedule-Next": "purge",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"D","seq":0}'],
  },
  {
    subject: "d.x",
    payload: "",
    headers: {
      "Nats-Scheduler": "",
      "Nats-Schedule-Next": "purge",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"D","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":">"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":1,"offset":0,"limit":100000,"config":{"name":"D","subjects":["d.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"allow_msg_schedules":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":1,"bytes":0,"first_seq":7,"first_ts":"TIME","last_seq":7,"last_ts":"","num_subjects":1,"subjects":{"d.s":1},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "d.x",
    payload: "",
    headers: {
      "Nats-Scheduler": "d.s",
      "Nats-Schedule-Next": "purge",
    },
    answers: ['{"stream":"D","seq":8}'],
  },
  {
    subject: "d.y",
    payload: "",
    headers: {
      "Nats-Scheduler": "d.x",
      "Nats-Schedule-Next": "purge",
    },
    answers: ['{"error":{"code":400,"err_code":10212,"description":"message schedules invalid scheduler"},"stream":"D","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":">"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":1,"offset":0,"limit":100000,"config":{"name":"D","subjects":["d.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"allow_msg_schedules":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":1,"bytes":0,"first_seq":8,"first_ts":"TIME","last_seq":8,"last_ts":"","num_subjects":1,"subjects":{"d.x":1},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.D",
    payload: '{"name":"D","subjects":["d.>"],"allow_msg_ttl":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"message schedules can not be disabled"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.DM",
    payload: '{"name":"DM","subjects":["dm.>"],"subject_delete_marker_ttl":500000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject delete marker TTL must be at least 1 second"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.DM",
    payload: '{"name":"DM","subjects":["dm.>"],"subject_delete_marker_ttl":-1000000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject delete marker TTL must not be negative"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.DM",
    payload: '{"name":"DM","subjects":["dm.>"],"subject_delete_marker_ttl":2000000000,"pedantic":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject delete marker cannot be set if message TTLs are disabled"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.DM",
    payload: '{"name":"DM","subjects":["dm.>"],"subject_delete_marker_ttl":2000000000,"allow_direct":true,"deny_purge":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"DM","subjects":["dm.\\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"subject_delete_marker_ttl":2000000000,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "dm.a",
    payload: "x",
    headers: {
      "Nats-TTL": "1s",
    },
    answers: ['{"stream":"DM","seq":1}'],
  },
  {
    subject: "$JS.API.DIRECT.GET.DM",
    payload: '{"seq":1}',
    answers: ["[Nats-TTL=2; Nats-Stream=DM; Nats-Subject=dm.a; Nats-Sequence=1; Nats-Time-Stamp=TIME] x"],
  },
];
