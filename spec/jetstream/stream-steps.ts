/**
 * Requests about streams, and publishes into them, with the answers of nats-server 2.15.1, made comparable by `normalised`. Played in
 * order on one server that was empty before.
 */
import type { Step } from "./play-steps.ts";

export const streamSteps: readonly Step[] = [
  {
    subject: "$JS.API.STREAM.DELETE.S",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.INFO",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.account_info_response","memory":0,"storage":0,"reserved_memory":0,"reserved_storage":0,"streams":0,"consumers":0,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false},"api":{}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.NOPE",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","error":{"code":404,"err_code":10059,"description":"stream not found"},"total":0,"offset":0,"limit":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.NOPE",
    headers: { "Nats-Required-Api-Level": "99" },
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","error":{"code":412,"err_code":10185,"description":"JetStream minimum api level required"},"total":0,"offset":0,"limit":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.S",
    payload: '{"name":"S","subjects":["s.>"]}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"S","subjects":["s.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.S",
    payload: '{"name":"S","subjects":["s.>"]}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"S","subjects":["s.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.S",
    payload: '{"name":"S","subjects":["s.>","z"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10058,"description":"stream name already in use with a different configuration"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["s.a"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10065,"description":"subjects overlap with an existing stream"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"X","subjects":["x"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10056,"description":"stream name in subject does not match request"}}',
    ],
  },
  { subject: "$JS.API.STREAM.CREATE.a.b", payload: '{"name":"a.b"}', answers: [] },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: "{bad",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: invalid character \'b\' looking for beginning of object key string at offset 2"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["t"],"bogus_field":1}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus_field\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S",
    payload: '{"name":"S","subjects":["s.>"],"max_msgs":100,"allow_direct":true,"allow_rollup_hdrs":true,"allow_msg_ttl":true}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"S","subjects":["s.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":100,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME"}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.NOPE",
    payload: '{"name":"NOPE"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.S",
    payload: '{"name":"S","subjects":["s.>"],"storage":"memory"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not change storage type"}}',
    ],
  },
  { subject: "$JS.API.NOSUCH", answers: [] },
  { subject: "s.a", payload: "one", answers: ['{"stream":"S","seq":1}'] },
  { subject: "s.b", payload: "two", headers: { "Nats-Msg-Id": "id1" }, answers: ['{"stream":"S","seq":2}'] },
  { subject: "s.b", payload: "two", headers: { "Nats-Msg-Id": "id1" }, answers: ['{"stream":"S","seq":2,"duplicate": true}'] },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-Expected-Stream": "Q" },
    answers: ['{"error":{"code":400,"err_code":10060,"description":"expected stream does not match"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-Expected-Last-Sequence": "9" },
    answers: ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-Expected-Last-Subject-Sequence": "9" },
    answers: ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 0"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-Expected-Last-Msg-Id": "zz" },
    answers: ['{"error":{"code":400,"err_code":10070,"description":"wrong last msg ID: id1"},"stream":"S","seq":0}'],
  },
  { subject: "s.c", payload: "x", headers: { "Nats-TTL": "1h" }, answers: ['{"stream":"S","seq":3}'] },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-TTL": "bad" },
    answers: ['{"error":{"code":400,"err_code":10165,"description":"invalid per-message TTL"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.c",
    payload: "x",
    headers: { "Nats-Rollup": "bad" },
    answers: [String.raw`{"error":{"code":500,"err_code":10111,"description":"rollup value invalid: \"bad\""},"stream":"S","seq":0}`],
  },
  { subject: "s.c", payload: "roll", headers: { "Nats-Rollup": "sub" }, answers: ['{"stream":"S","seq":4}'] },
  { subject: "s.c", payload: "x", headers: { "Nats-Required-Api-Level": "99" }, answers: ['{"stream":"S","seq":5}'] },
  { subject: "s.c", payload: "x", headers: { "Nats-Expected-Last-Subject-Sequence": "5" }, answers: ['{"stream":"S","seq":6}'] },
  {
    subject: "s.d",
    payload: "x",
    headers: { "Nats-Expected-Last-Subject-Sequence": "2", "Nats-Expected-Last-Subject-Sequence-Subject": "s.b" },
    answers: ['{"stream":"S","seq":7}'],
  },
  {
    subject: "s.d",
    payload: "x",
    headers: { "Nats-Expected-Last-Subject-Sequence": "3", "Nats-Expected-Last-Subject-Sequence-Subject": "s.b" },
    answers: ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"S","seq":0}'],
  },
  {
    subject: "s.d",
    payload: "x",
    headers: { "Nats-Expected-Last-Subject-Sequence-Subject": "s.b" },
    answers: [
      '{"error":{"code":400,"err_code":10193,"description":"missing sequence for expected last sequence per subject"},"stream":"S","seq":0}',
    ],
  },
  { subject: "s.d", payload: "x", headers: { "Nats-Expected-Last-Sequence": "7" }, answers: ['{"stream":"S","seq":8}'] },
  {
    subject: "$JS.API.STREAM.INFO.S",
    payload: '{"deleted_details":true,"subjects_filter":">"}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_info_response","total":4,"offset":0,"limit":100000,"config":{"name":"S","subjects":["s.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":100,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":7,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":8,"last_ts":"","num_subjects":4,"subjects":{"s.a":1,"s.b":1,"s.c":3,"s.d":2},"num_deleted":1,"deleted":[3],"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.S",
    payload: '{"seq":2}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"s.b","seq":2,"hdrs":"TkFUUy8xLjANCk5hdHMtTXNnLUlkOiBpZDENCg0K","data":"dHdv","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.S",
    payload: '{"last_by_subj":"s.a"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"s.a","seq":1,"data":"b25l","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.S",
    payload: '{"seq":1,"next_by_subj":"s.*"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"s.a","seq":1,"data":"b25l","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.S",
    payload: '{"seq":99}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":404,"err_code":10037,"description":"no message found"}}',
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":2}',
    answers: ["[Nats-Msg-Id=id1; Nats-Stream=S; Nats-Subject=s.b; Nats-Sequence=2; Nats-Time-Stamp=TIME] two"],
  },
  { subject: "$JS.API.DIRECT.GET.S.s.a", answers: ["[Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME] one"] },
  { subject: "$JS.API.DIRECT.GET.S", payload: '{"seq":99}', answers: ["[404 Message Not Found]"] },
  { subject: "$JS.API.DIRECT.GET.S.s.zz", answers: ["[404 Message Not Found]"] },
  { subject: "$JS.API.DIRECT.GET.S", answers: ["[408 Empty Request]"] },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"seq":1,"batch":2}',
    answers: [
      "[Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=6; Nats-Last-Sequence=0] one",
      "[Nats-Msg-Id=id1; Nats-Stream=S; Nats-Subject=s.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=5; Nats-Last-Sequence=1] two",
      "[204 EOB; Nats-Num-Pending=5; Nats-Last-Sequence=2]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.S",
    payload: '{"multi_last":["s.>"]}',
    answers: [
      "[Nats-Stream=S; Nats-Subject=s.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=3; Nats-Last-Sequence=0] one",
      "[Nats-Msg-Id=id1; Nats-Stream=S; Nats-Subject=s.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=2; Nats-Last-Sequence=1] two",
      "[Nats-Expected-Last-Subject-Sequence=5; Nats-Stream=S; Nats-Subject=s.c; Nats-Sequence=6; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=2] x",
      "[Nats-Expected-Last-Sequence=7; Nats-Stream=S; Nats-Subject=s.d; Nats-Sequence=8; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=6] x",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=8; Nats-UpTo-Sequence=8]",
    ],
  },
  { subject: "$JS.API.DIRECT.GET.S", payload: '{"multi_last":["q.>"]}', answers: ["[404 No Results]"] },
  {
    subject: "$JS.API.STREAM.LIST",
    payload: '{"offset":5}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_list_response","total":1,"offset":1,"limit":256,"streams":[]}'],
  },
  {
    subject: "$JS.API.CONSUMER.MSG.NEXT.S.NOPE",
    payload: '{"batch":1}',
    answers: ["[503; Nats-Subject=$JS.API.CONSUMER.MSG.NEXT.S.NOPE]"],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.S",
    payload: '{"seq":1}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","success":true}'],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.S",
    payload: '{"seq":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":500,"err_code":10057,"description":"no message found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.S",
    payload: '{"filter":"s.b","keep":0}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":1}'],
  },
  {
    subject: "$JS.API.STREAM.PURGE.S",
    payload: '{"keep":1}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":4}'],
  },
  {
    subject: "$JS.API.STREAM.PURGE.S",
    payload: '{"filter":"s.d","seq":6}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":0}'],
  },
  { subject: "$JS.API.STREAM.PURGE.S", answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":1}'] },
  {
    subject: "$JS.API.STREAM.INFO.S",
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"S","subjects":["s.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":100,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":9,"first_ts":"ZERO","last_seq":8,"last_ts":"","consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}`,
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.S", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.DELETE.S",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  { subject: "s.a", payload: "nobody", answers: ["[503; Nats-Subject=s.a]"] },
  {
    subject: "$JS.API.STREAM.CREATE.A/b",
    payload: '{"name":"A/b","subjects":["q2"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10128,"description":"Stream name can not contain path separators"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"subjects":["t"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10056,"description":"stream name in subject does not match request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"","subjects":["t"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10056,"description":"stream name in subject does not match request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: "",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10056,"description":"stream name in subject does not match request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: "[]",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal array into Go value of type server.StreamConfigRequest"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal number into Go struct field StreamConfigRequest.name of type string"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","max_msgs":"x"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.max_msgs of type int64"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","max_msgs":1.5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal number 1.5 into Go struct field StreamConfigRequest.max_msgs of type int64"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":"x"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal string into Go struct field StreamConfigRequest.subjects of type []string"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"retention":"foo"}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: can not unmarshal \"\\\"foo\\\"\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"storage":"foo"}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: can not unmarshal \"\\\"foo\\\"\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"discard":"foo"}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: can not unmarshal \"\\\"foo\\\"\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"compression":"foo"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: unknown compression algorithm"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"num_replicas":3}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10074,"description":"replicas \u003e 1 not supported in non-clustered mode"}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"num_replicas":7}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"maximum replicas is 5"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"num_replicas":-1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10133,"description":"replicas count cannot be negative"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"max_age":1000}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"max age needs to be \u003e= 100ms"}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"max_age":-1000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"max age can not be negative"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"max_age":1000000000,"duplicate_window":2000000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"duplicates window can not be larger then max age"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"duplicate_window":-5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"duplicates window can not be negative"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"duplicate_window":5}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"duplicates window needs to be \u003e= 100ms"}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"max_msgs":-7,"max_bytes":-9,"max_consumers":-3,"max_msg_size":-4,"max_msgs_per_subject":-7}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.T", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x..y"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x y"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":[""]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x","x"]}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject \"x\" overlaps with \"x\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x.>","x.y"]}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subject \"x.\u003e\" overlaps with \"x.y\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":[">"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"capturing all subjects requires no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["$JS.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["$JS.API.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["*.API.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["$JS.EVENT.>"]}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","subjects":["$JS.EVENT.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}`,
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.T", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["$SYS.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with system api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["*.>"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"subjects that overlap with jetstream api require no-ack to be true"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"discard_new_per_subject":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"discard new per subject requires discard new policy to be set"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"discard":"new","discard_new_per_subject":true}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"discard new per subject requires max msgs per subject \u003e 0"}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_purge":true,"allow_rollup_hdrs":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"roll-ups require the purge permission"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"sealed":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"stream configuration for create can not be sealed"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","subjects":["x"],"first_seq":10}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":10,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":10,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"first_seq":20}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","first_seq":20,"allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"retention":"workqueue"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not change retention policy to/from workqueue"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"retention":"interest"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["x"],"retention":"interest","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":true,"allow_msg_ttl":true,"max_consumers":5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":5,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_purge":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not cancel deny message deletes"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":false,"allow_msg_ttl":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not cancel deny purge"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":true,"allow_msg_ttl":false}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"message TTL status can not be disabled"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":true,"allow_msg_ttl":true,"max_consumers":2}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":2,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":500,"err_code":10110,"description":"stream purge not permitted"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.T",
    payload: '{"seq":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":500,"err_code":10057,"description":"message delete not permitted"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":true,"allow_msg_ttl":true,"sealed":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"T","subjects":["x"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":true,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":true,"metadata":{"_nats.level":"","_nats.req.level":"1","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":10,"first_ts":"ZERO","last_seq":9,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"deny_delete":true,"deny_purge":true,"allow_msg_ttl":true,"sealed":false}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":500,"err_code":10052,"description":"stream configuration update can not unseal a sealed stream"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10109,"description":"invalid operation on sealed stream"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.T",
    payload: '{"seq":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":400,"err_code":10109,"description":"invalid operation on sealed stream"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"U","subjects":["x"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":400,"err_code":10056,"description":"stream name in subject does not match request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.T",
    payload: '{"name":"T","subjects":["x"],"bogus":1}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.NOPE",
    payload: '{"name":"NOPE","subjects":["x"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.T", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.INFO.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","error":{"code":404,"err_code":10059,"description":"stream not found"},"total":0,"offset":0,"limit":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload:
      '{"name":"T","description":"d","max_msgs_per_subject":2,"discard":"new","discard_new_per_subject":true,"persist_mode":"async","storage":"memory"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"async persist mode is only supported on file storage"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","persist_mode":"bogus"}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: can not unmarshal \"\\\"bogus\\\"\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"Name":"T"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","subjects":["T"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.T", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","pedantic":true,"max_msgs":-5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10157,"description":"pedantic mode: max_msgs must be set to -1"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload: '{"name":"T","pedantic":true,"max_age":1000000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10157,"description":"pedantic mode: duplicate window cannot be bigger than max age"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.T",
    payload:
      '{"name":"T","description":"d","subjects":["x"],"placement":{"cluster":"c","tags":["a"]},"consumer_limits":{"inactive_threshold":5000000000,"max_ack_pending":10},"compression":"s2","metadata":{"b":"1","a":"2"},"allow_direct":true,"no_ack":true,"first_seq":5,"discard":"new","retention":"interest","allow_msg_ttl":true,"max_msgs_per_subject":3,"discard_new_per_subject":true,"deny_delete":true,"persist_mode":"async","max_msgs":7,"max_bytes":70000,"max_msg_size":1000,"max_consumers":3,"max_age":3600000000000,"duplicate_window":60000000000}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"T","description":"d","subjects":["x"],"retention":"interest","max_consumers":3,"max_msgs":7,"max_bytes":70000,"max_age":3600000000000,"max_msgs_per_subject":3,"max_msg_size":1000,"discard":"new","storage":"file","num_replicas":1,"no_ack":true,"duplicate_window":60000000000,"placement":{"cluster":"c","tags":["a"]},"compression":"s2","first_seq":5,"allow_direct":true,"mirror_direct":false,"discard_new_per_subject":true,"sealed":false,"deny_delete":true,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{"inactive_threshold":5000000000,"max_ack_pending":10},"allow_msg_ttl":true,"persist_mode":"async","metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":"","a":"2","b":"1"}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":5,"first_ts":"ZERO","last_seq":4,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "x", payload: "unanswered", answers: [] },
  {
    subject: "$JS.API.STREAM.INFO.T",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"T","description":"d","subjects":["x"],"retention":"interest","max_consumers":3,"max_msgs":7,"max_bytes":70000,"max_age":3600000000000,"max_msgs_per_subject":3,"max_msg_size":1000,"discard":"new","storage":"file","num_replicas":1,"no_ack":true,"duplicate_window":60000000000,"placement":{"cluster":"c","tags":["a"]},"compression":"s2","first_seq":5,"allow_direct":true,"mirror_direct":false,"discard_new_per_subject":true,"sealed":false,"deny_delete":true,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{"inactive_threshold":5000000000,"max_ack_pending":10},"allow_msg_ttl":true,"persist_mode":"async","metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":"","a":"2","b":"1"}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":6,"first_ts":"ZERO","last_seq":5,"last_ts":"","consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.T", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.D",
    payload: '{"name":"D","subjects":["d.*"],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "d.a", payload: "1", answers: ['{"stream":"D","seq":1}'] },
  { subject: "d.b", payload: "2", answers: ['{"stream":"D","seq":2}'] },
  { subject: "d.c", payload: "3", answers: ['{"stream":"D","seq":3}'] },
  { subject: "d.a", payload: "4", answers: ['{"stream":"D","seq":4}'] },
  { subject: "d.b", payload: "5", answers: ['{"stream":"D","seq":5}'] },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: "{}",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"seq":0}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"seq":1,"last_by_subj":"x"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"last_by_subj":"d.*"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"d.b","seq":5,"data":"NQ==","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"next_by_subj":"d.*"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"d.a","seq":1,"data":"MQ==","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"start_time":"2020-01-01T00:00:00Z"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"d.a","seq":1,"data":"MQ==","time":"TIME"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"seq":-1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: cannot unmarshal number -1 into Go struct field JSApiMsgGetRequest.seq of type uint64"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"batch":3}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.D",
    payload: '{"bogus":3}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.GET.NOPE",
    payload: '{"seq":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.D",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.D",
    payload: "{}",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":400,"err_code":10003,"description":"bad request"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.D",
    payload: '{"seq":0}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":500,"err_code":10057,"description":"no message found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.NOPE",
    payload: '{"seq":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.NOPE",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":404,"err_code":10059,"description":"stream not found"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.D",
    payload: '{"seq":5,"keep":2}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10003,"description":"bad request"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.D",
    payload: '{"filter":"q.>"}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":0}'],
  },
  {
    subject: "$JS.API.STREAM.PURGE.D",
    payload: '{"filter":"d..x"}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_purge_response","success":true,"purged":0}'],
  },
  {
    subject: "$JS.API.STREAM.PURGE.D",
    payload: '{"bad":1}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bad\""},"purged":0}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.PURGE.D",
    payload: "{",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_purge_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: unexpected EOF"},"purged":0}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.D",
    payload: '{"x":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":400,"err_code":10038,"description":"expected an empty request payload"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LIST",
    payload: '{"subject":"d.x","offset":0}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_list_response","total":1,"offset":0,"limit":256,"streams":[{"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.req.level":"0"}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"ts":"TIME"}]}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LIST",
    payload: '{"bogus":1}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_list_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus\""},"total":0,"offset":0,"limit":0,"streams":[]}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"bogus":1}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_info_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus\""},"total":0,"offset":0,"limit":0}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"deleted_details":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":"zz"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":">","offset":5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":3,"offset":5,"limit":100000,"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":">","offset":-5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":3,"offset":0,"limit":100000,"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"subjects":{"d.a":2,"d.b":2,"d.c":1},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.D",
    payload: '{"subjects_filter":"a..b"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.INFO", answers: [] },
  { subject: "$JS.API.STREAM.INFO.D.E", answers: [] },
  { subject: "$JS.API.INFO.X", answers: [] },
  {
    subject: "$JS.API.INFO",
    payload: '{"x":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.account_info_response","memory":0,"storage":0,"reserved_memory":0,"reserved_storage":0,"streams":1,"consumers":0,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false},"api":{}}',
    ],
  },
  { subject: "$JS.API.DIRECT.GET.D", payload: "{}", answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"seq":0}', answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: "{bad", answers: ["[408 Malformed Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"seq":1,"last_by_subj":"x"}', answers: ["[408 Bad Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"last_by_subj":"d.a","next_by_subj":"d.*"}', answers: ["[408 Bad Request]"] },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.a"],"batch":2,"seq":1}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=0] 4",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=4; Nats-UpTo-Sequence=5]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.a"],"batch":-2}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=0] 4",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=4; Nats-UpTo-Sequence=5]",
    ],
  },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"start_time":"2020-01-01T00:00:00Z","seq":2}', answers: ["[408 Bad Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"batch":2}', answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"bogus":2}', answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"up_to_seq":2}', answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"start_time":"2099-01-01T00:00:00Z"}', answers: ["[404 Message Not Found]"] },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.a"],"up_to_seq":2,"up_to_time":"2020-01-01T00:00:00Z"}',
    answers: ["[408 Bad Request]"],
  },
  { subject: "$JS.API.DIRECT.GET.NOPE", payload: '{"seq":1}', answers: ["[503; Nats-Subject=$JS.API.DIRECT.GET.NOPE]"] },
  { subject: "$JS.API.DIRECT.GET.D.d.a", payload: '{"seq":1}', answers: ["[408 Bad Request]"] },
  { subject: "$JS.API.DIRECT.GET.D.d.*", answers: ["[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=5; Nats-Time-Stamp=TIME] 5"] },
  {
    subject: "$JS.API.STREAM.LIST",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_list_response","total":1,"offset":0,"limit":256,"streams":[{"config":{"name":"D","subjects":["d.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.req.level":"0"}},"created":"TIME","state":{"messages":5,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":5,"last_ts":"","num_subjects":3,"consumer_count":0},"ts":"TIME"}]}',
    ],
  },
  {
    subject: "$JS.API.STREAM.LEADER.STEPDOWN.D",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_leader_stepdown_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.PEER.REMOVE.D",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_remove_peer_response","error":{"code":503,"err_code":10010,"description":"JetStream clustering support required"}}',
    ],
  },
  { subject: "$JS.API.META.LEADER.STEPDOWN", answers: [] },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"seq":1,"batch":10}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=4; Nats-Last-Sequence=0] 1",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=3; Nats-Last-Sequence=1] 2",
      "[Nats-Stream=D; Nats-Subject=d.c; Nats-Sequence=3; Nats-Time-Stamp=TIME; Nats-Num-Pending=2; Nats-Last-Sequence=2] 3",
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=3] 4",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=5; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=4] 5",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=5]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"seq":3,"batch":10,"next_by_subj":"d.a"}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=0] 4",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=4]",
    ],
  },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"seq":9,"batch":10}', answers: ["[404 Message Not Found]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"next_by_subj":"d.z","batch":3}', answers: ["[404 Message Not Found]"] },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"start_time":"2020-01-01T00:00:00Z","batch":2}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=4; Nats-Last-Sequence=0] 1",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=3; Nats-Last-Sequence=1] 2",
      "[204 EOB; Nats-Num-Pending=3; Nats-Last-Sequence=2]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"seq":1,"batch":10,"max_bytes":40}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=4; Nats-Last-Sequence=0] 1",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=3; Nats-Last-Sequence=1] 2",
      "[Nats-Stream=D; Nats-Subject=d.c; Nats-Sequence=3; Nats-Time-Stamp=TIME; Nats-Num-Pending=2; Nats-Last-Sequence=2] 3",
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=3] 4",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=5; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=4] 5",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=5]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.*"],"batch":1}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.c; Nats-Sequence=3; Nats-Time-Stamp=TIME; Nats-Num-Pending=2; Nats-Last-Sequence=0] 3",
      "[204 EOB; Nats-Num-Pending=2; Nats-Last-Sequence=3; Nats-UpTo-Sequence=5]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.*"],"seq":4}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=0] 4",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=5; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=4] 5",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=5; Nats-UpTo-Sequence=5]",
    ],
  },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.*"],"up_to_seq":3}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=1; Nats-Time-Stamp=TIME; Nats-Num-Pending=2; Nats-Last-Sequence=0] 1",
      "[Nats-Stream=D; Nats-Subject=d.b; Nats-Sequence=2; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=1] 2",
      "[Nats-Stream=D; Nats-Subject=d.c; Nats-Sequence=3; Nats-Time-Stamp=TIME; Nats-Num-Pending=0; Nats-Last-Sequence=2] 3",
      "[204 EOB; Nats-Num-Pending=0; Nats-Last-Sequence=3; Nats-UpTo-Sequence=3]",
    ],
  },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"multi_last":["d.*"],"up_to_time":"2020-01-01T00:00:00Z"}', answers: ["[404 No Results]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"multi_last":[]}', answers: ["[408 Empty Request]"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"multi_last":["d..x"]}', answers: ["[404 No Results]"] },
  {
    subject: "$JS.API.DIRECT.GET.D",
    payload: '{"multi_last":["d.a","d.b"],"batch":1}',
    answers: [
      "[Nats-Stream=D; Nats-Subject=d.a; Nats-Sequence=4; Nats-Time-Stamp=TIME; Nats-Num-Pending=1; Nats-Last-Sequence=0] 4",
      "[204 EOB; Nats-Num-Pending=1; Nats-Last-Sequence=4; Nats-UpTo-Sequence=5]",
    ],
  },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"seq":1,"no_hdr":true}', answers: ["1"] },
  { subject: "$JS.API.DIRECT.GET.D", payload: '{"batch":2,"last_by_subj":"d.a"}', answers: ["[408 Bad Request]"] },
  {
    subject: "$JS.API.STREAM.CREATE.L",
    payload: '{"name":"L","subjects":["l.*"],"max_msgs":3,"discard":"new","max_msg_size":10}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"L","subjects":["l.*"],"retention":"limits","max_consumers":-1,"max_msgs":3,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":10,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "l.1", payload: "a", answers: ['{"stream":"L","seq":1}'] },
  { subject: "l.2", payload: "b", answers: ['{"stream":"L","seq":2}'] },
  { subject: "l.3", payload: "c", answers: ['{"stream":"L","seq":3}'] },
  {
    subject: "l.4",
    payload: "d",
    answers: ['{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"L","seq":0}'],
  },
  {
    subject: "l.1",
    payload: "0123456789x",
    answers: ['{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"L","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.L",
    payload: '{"name":"L","subjects":["l.*"],"max_msgs":2,"discard":"old"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"L","subjects":["l.*"],"retention":"limits","max_consumers":-1,"max_msgs":2,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":2,"bytes":0,"first_seq":2,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"consumer_count":0},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.INFO.L",
    payload: '{"subjects_filter":">"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":2,"offset":0,"limit":100000,"config":{"name":"L","subjects":["l.*"],"retention":"limits","max_consumers":-1,"max_msgs":2,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":2,"bytes":0,"first_seq":2,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"subjects":{"l.2":1,"l.3":1},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "l.9", payload: "z", answers: ['{"stream":"L","seq":4}'] },
  {
    subject: "$JS.API.STREAM.UPDATE.L",
    payload: '{"name":"L","subjects":["m.*"],"max_msgs":2,"max_msgs_per_subject":1}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"L","subjects":["m.*"],"retention":"limits","max_consumers":-1,"max_msgs":2,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":2,"bytes":0,"first_seq":3,"first_ts":"TIME","last_seq":4,"last_ts":"","num_subjects":2,"consumer_count":0},"ts":"TIME"}',
    ],
  },
  { subject: "l.9", payload: "z", answers: ["[503; Nats-Subject=l.9]"] },
  { subject: "m.9", payload: "z", answers: ['{"stream":"L","seq":5}'] },
  { subject: "m.9", payload: "zz", answers: ['{"stream":"L","seq":6}'] },
  {
    subject: "$JS.API.STREAM.INFO.L",
    payload: '{"subjects_filter":"m.>"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":1,"offset":0,"limit":100000,"config":{"name":"L","subjects":["m.*"],"retention":"limits","max_consumers":-1,"max_msgs":2,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":2,"bytes":0,"first_seq":4,"first_ts":"TIME","last_seq":6,"last_ts":"","num_subjects":2,"subjects":{"m.9":1},"num_deleted":1,"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.L",
    payload: '{"name":"L","subjects":["m.*","d.x"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":400,"err_code":10065,"description":"subjects overlap with an existing stream"}}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.L", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.K",
    payload: '{"name":"K","subjects":["k.*"],"max_msgs_per_subject":1,"discard":"new","discard_new_per_subject":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"K","subjects":["k.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":1,"max_msg_size":-1,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"discard_new_per_subject":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "k.1", payload: "a", answers: ['{"stream":"K","seq":1}'] },
  {
    subject: "k.1",
    payload: "b",
    answers: ['{"error":{"code":503,"err_code":10077,"description":"maximum messages per subject exceeded"},"stream":"K","seq":0}'],
  },
  { subject: "k.2", payload: "c", answers: ['{"stream":"K","seq":2}'] },
  {
    subject: "$JS.API.STREAM.MSG.DELETE.K",
    payload: '{"seq":1}',
    answers: ['{"type":"io.nats.jetstream.api.v1.stream_msg_delete_response","success":true}'],
  },
  { subject: "k.1", payload: "d", answers: ['{"stream":"K","seq":3}'] },
  {
    subject: "$JS.API.STREAM.INFO.K",
    payload: '{"subjects_filter":">","deleted_details":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":2,"offset":0,"limit":100000,"config":{"name":"K","subjects":["k.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":1,"max_msg_size":-1,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"discard_new_per_subject":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":2,"bytes":0,"first_seq":2,"first_ts":"TIME","last_seq":3,"last_ts":"","num_subjects":2,"subjects":{"k.1":1,"k.2":1},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.K", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.I",
    payload: '{"name":"I","subjects":["i"],"retention":"interest"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"I","subjects":["i"],"retention":"interest","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "i", payload: "unwanted", answers: ['{"stream":"I","seq":1}'] },
  {
    subject: "$JS.API.STREAM.INFO.I",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":0,"offset":0,"limit":0,"config":{"name":"I","subjects":["i"],"retention":"interest","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":2,"first_ts":"ZERO","last_seq":1,"last_ts":"","consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.I", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  { subject: "$JS.API.STREAM.DELETE.D", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.AT",
    payload: '{"name":"AT","subjects":["at.*"],"allow_atomic":true,"allow_msg_ttl":true,"allow_rollup_hdrs":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"AT","subjects":["at.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.NA",
    payload: '{"name":"NA","subjects":["na.*"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"NA","subjects":["na.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "na.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1" },
    answers: ['{"error":{"code":400,"err_code":10174,"description":"atomic publish is disabled"},"stream":"NA","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b" },
    answers: ['{"error":{"code":400,"err_code":10175,"description":"atomic publish sequence is missing"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b0", "Nats-Batch-Sequence": "x" },
    answers: ['{"error":{"code":400,"err_code":10175,"description":"atomic publish sequence is missing"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b2", "Nats-Batch-Sequence": "2" },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"AT","seq":0}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "b3", "Nats-Batch-Sequence": "1" }, answers: [""] },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b3", "Nats-Batch-Sequence": "3" },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "b3", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "one", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1" },
    answers: ['{"stream":"AT","seq":1,"batch":"one","count":1}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "c", "Nats-Batch-Sequence": "1" }, answers: [""] },
  { subject: "at.2", payload: "x", headers: { "Nats-Batch-Id": "c", "Nats-Batch-Sequence": "2" }, answers: [""] },
  {
    subject: "at.3",
    payload: "x",
    headers: { "Nats-Batch-Id": "c", "Nats-Batch-Sequence": "3", "Nats-Batch-Commit": "1" },
    answers: ['{"stream":"AT","seq":4,"batch":"c","count":3}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "e", "Nats-Batch-Sequence": "1" }, answers: [""] },
  {
    subject: "at.2",
    payload: "x",
    headers: { "Nats-Batch-Id": "e", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "eob" },
    answers: ['{"stream":"AT","seq":5,"batch":"e","count":1}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "eo", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "eob" },
    answers: ['{"error":{"code":400,"err_code":10176,"description":"atomic publish batch is incomplete"},"stream":"AT","seq":0}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "w", "Nats-Batch-Sequence": "1" }, answers: [""] },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "w", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "yes" },
    answers: ['{"error":{"code":400,"err_code":10200,"description":"atomic publish batch commit is invalid"},"stream":"AT","seq":0}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "d", "Nats-Batch-Sequence": "1", "Nats-Msg-Id": "m1" }, answers: [""] },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "d", "Nats-Batch-Sequence": "2", "Nats-Msg-Id": "m1", "Nats-Batch-Commit": "1" },
    answers: [
      '{"error":{"code":400,"err_code":10201,"description":"atomic publish batch contains duplicate message id"},"stream":"AT","seq":0}',
    ],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "d2", "Nats-Batch-Sequence": "1", "Nats-Msg-Id": "m1" }, answers: [""] },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "d2", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"stream":"AT","seq":7,"batch":"d2","count":2}'],
  },
  { subject: "at.1", payload: "x", headers: { "Nats-Batch-Id": "d3", "Nats-Batch-Sequence": "1", "Nats-Msg-Id": "m1" }, answers: [""] },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "d3", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: [
      '{"error":{"code":400,"err_code":10201,"description":"atomic publish batch contains duplicate message id"},"stream":"AT","seq":0}',
    ],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "x", "Nats-Batch-Sequence": "1", "Nats-Expected-Last-Sequence": "99" },
    answers: [""],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "x", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "x3", "Nats-Batch-Sequence": "1", "Nats-Expected-Last-Subject-Sequence": "77" },
    answers: [""],
  },
  {
    subject: "at.1",
    payload: "x",
    headers: { "Nats-Batch-Id": "x3", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x5", "Nats-Batch-Sequence": "1", "Nats-Expected-Last-Msg-Id": "m" },
    answers: [""],
  },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x5", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: [
      '{"error":{"code":400,"err_code":10177,"description":"atomic publish unsupported header used: Nats-Expected-Last-Msg-Id"},"stream":"AT","seq":0}',
    ],
  },
  { subject: "at.8", payload: "x", headers: { "Nats-Batch-Id": "x6", "Nats-Batch-Sequence": "1", "Nats-TTL": "bad" }, answers: [""] },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x6", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"error":{"code":400,"err_code":10165,"description":"invalid per-message TTL"},"stream":"AT","seq":0}'],
  },
  { subject: "at.8", payload: "x", headers: { "Nats-Batch-Id": "x7", "Nats-Batch-Sequence": "1", "Nats-Rollup": "sub" }, answers: [""] },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x7", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"stream":"AT","seq":9,"batch":"x7","count":2}'],
  },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x8", "Nats-Batch-Sequence": "1", "Nats-Expected-Stream": "Q" },
    answers: [""],
  },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "x8", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1" },
    answers: ['{"error":{"code":400,"err_code":10060,"description":"expected stream does not match"},"stream":"AT","seq":0}'],
  },
  {
    subject: "at.8",
    payload: "x",
    headers: { "Nats-Batch-Id": "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", "Nats-Batch-Sequence": "1" },
    answers: ['{"error":{"code":400,"err_code":10179,"description":"atomic publish batch ID is invalid"},"stream":"AT","seq":0}'],
  },
  {
    subject: "$JS.API.STREAM.INFO.AT",
    payload: '{"subjects_filter":">"}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_info_response","total":4,"offset":0,"limit":100000,"config":{"name":"AT","subjects":["at.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":true,"consumer_limits":{},"allow_msg_ttl":true,"allow_atomic":true,"metadata":{"_nats.level":"","_nats.req.level":"2","_nats.ver":""}},"created":"TIME","state":{"messages":9,"bytes":0,"first_seq":1,"first_ts":"TIME","last_seq":9,"last_ts":"","num_subjects":4,"subjects":{"at.1":5,"at.2":1,"at.3":1,"at.8":2},"consumer_count":0},"cluster":{"leader":""},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.AT", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  { subject: "$JS.API.STREAM.DELETE.NA", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.O",
    payload: '{"name":"O","subjects":["o.*"],"allow_direct":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"O","subjects":["o.*"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O"},"subjects":["m"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10034,"description":"stream mirrors can not contain subjects"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O"},"sources":[{"name":"O"}]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10031,"description":"stream mirrors can not also contain other sources"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"M"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10052,"description":"detected cycle"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"NOPE"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"mirror":{"name":"NOPE"},"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"NOPE","lag":0,"active":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.M",
    payload: '{"name":"M","subjects":["m"]}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","config":{"name":"M","subjects":["m"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"duplicate_window":120000000000,"compression":"none","allow_direct":false,"mirror_direct":false,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"ts":"TIME"}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.M", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O"},"first_seq":5}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10143,"description":"stream mirrors can not have first sequence configured"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O","filter_subject":"zz"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"mirror":{"name":"O","filter_subject":"zz"},"compression":"none","allow_direct":false,"mirror_direct":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"O","lag":0,"active":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.M", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O","filter_subject":"o..z"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":500,"err_code":10049,"description":"subject filter \'o..z\' for the mirror invalid subject"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O","opt_start_seq":3,"opt_start_time":"2020-01-01T00:00:00Z"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"mirror":{"name":"O","opt_start_seq":3,"opt_start_time":"TIME"},"compression":"none","allow_direct":false,"mirror_direct":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"O","lag":0,"active":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.M", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O","opt_start_seq":3}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old","storage":"file","num_replicas":1,"mirror":{"name":"O","opt_start_seq":3},"compression":"none","allow_direct":false,"mirror_direct":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"O","lag":0,"active":0},"ts":"TIME","did_create":true}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.M",
    payload: '{"name":"M","mirror":{"name":"O","opt_start_seq":4}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":400,"err_code":10055,"description":"stream mirror configuration can not be updated"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.UPDATE.M",
    payload: '{"name":"M","subjects":["m"],"mirror":{"name":"O"}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_update_response","error":{"code":400,"err_code":10034,"description":"stream mirrors can not contain subjects"}}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.M", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":""}}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10142,"description":"mirrored stream name is invalid"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O","bogus":1}}',
    answers: [
      String.raw`{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10025,"description":"invalid JSON: json: unknown field \"bogus\""}}`,
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.M",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O"},"retention":"workqueue","duplicate_window":1000000000,"discard":"new","max_msgs":2}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","config":{"name":"M","retention":"workqueue","max_consumers":-1,"max_msgs":2,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":1000000000,"mirror":{"name":"O"},"compression":"none","allow_direct":false,"mirror_direct":true,"sealed":false,"deny_delete":false,"deny_purge":false,"allow_rollup_hdrs":false,"consumer_limits":{},"allow_msg_ttl":false,"metadata":{"_nats.level":"","_nats.req.level":"0","_nats.ver":""}},"created":"TIME","state":{"messages":0,"bytes":0,"first_seq":0,"first_ts":"ZERO","last_seq":0,"last_ts":"","consumer_count":0},"mirror":{"name":"O","lag":0,"active":0},"ts":"TIME","did_create":true}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.M", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
  {
    subject: "$JS.API.STREAM.CREATE.M",
    payload: '{"name":"M","mirror":{"name":"O"},"allow_atomic":true,"allow_msg_ttl":true}',
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_create_response","error":{"code":400,"err_code":10198,"description":"stream mirrors can not also use atomic publishing"}}',
    ],
  },
  {
    subject: "$JS.API.STREAM.DELETE.M",
    answers: [
      '{"type":"io.nats.jetstream.api.v1.stream_delete_response","error":{"code":404,"err_code":10059,"description":"stream not found"}}',
    ],
  },
  { subject: "$JS.API.STREAM.DELETE.O", answers: ['{"type":"io.nats.jetstream.api.v1.stream_delete_response","success":true}'] },
];
